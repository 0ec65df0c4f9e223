import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"

/** What leads from some bindings of one principal to others. Their expiry does not count: bundles have none. */
export function bindingDifferences(before: readonly RoleBinding[], after: readonly RoleBinding[]): readonly RoleBindingChange[] {
  const had = new Set(before.map(keyOf))
  const has = new Set(after.map(keyOf))
  return [
    ...before.filter((binding) => !has.has(keyOf(binding))).map((binding) => ({ op: "remove" as const, binding })),
    ...after.filter((binding) => !had.has(keyOf(binding))).map((binding) => ({ op: "add" as const, binding })),
  ]
}

function keyOf({ workspace, role }: RoleBinding): string {
  return JSON.stringify([workspace, role])
}
