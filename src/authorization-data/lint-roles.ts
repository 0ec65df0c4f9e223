import type { RoleDefinition } from "./definition.js"
import type { FindingList } from "./finding.js"
import { isPermissionId } from "./identifier.js"
import type { MergedDocuments } from "./merge.js"
import { nearest } from "../model/nearest.js"

/** Rules about roles: unknown ones, cycles, unregistered permissions. */
export function lintRoles({ roles, registered }: MergedDocuments, findings: FindingList): void {
  for (const role of roles.values()) {
    for (const { text, line } of role.includes)
      if (!roles.has(text))
        findings.add("dangling-role", { file: role.file, line }, `role '${role.name}' includes the unknown role '${text}'`, roleRemedy(text, roles))
    for (const { text, line } of role.permissions)
      if (registered && text !== "*" && !registered.has(text))
        findings.add(
          "unregistered-permission",
          { file: role.file, line },
          `role '${role.name}' holds '${text}', which is not registered`,
          permissionRemedy(text, registered),
        )
  }
  lintCycles(roles, findings)
}

/** What to do about a permission that is in no registry. */
export function permissionRemedy(permission: string, known: Iterable<string>): string {
  const suggestion = nearest(permission, [...known].filter(isPermissionId))
  return suggestion ? `did you mean '${suggestion}'?` : "correct it, or add it to the permissions of a document"
}

/** What to do about a role that is not there. */
export function roleRemedy(role: string, roles: ReadonlyMap<string, unknown>): string {
  const suggestion = nearest(role, roles.keys())
  return suggestion ? `did you mean '${suggestion}'?` : `define it under roles, or write one of ${[...roles.keys()].slice(0, 10).join(", ")}`
}

function lintCycles(roles: ReadonlyMap<string, RoleDefinition>, findings: FindingList): void {
  const finished = new Set<string>()
  for (const root of roles.values()) {
    const open: { readonly role: RoleDefinition; next: number }[] = [{ role: root, next: 0 }]
    const positions = new Map([[root.name, 0]])
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { role } = top
      const include = finished.has(role.name) ? undefined : role.includes[top.next++]
      if (!include) {
        finished.add(role.name)
        positions.delete(role.name)
        open.pop()
        continue
      }
      const included = roles.get(include.text)
      const start = positions.get(include.text)
      if (start !== undefined) {
        const cycle = [...open.slice(start).map((entry) => entry.role.name), include.text].join(" → ")
        findings.add("role-cycle", { file: role.file, line: include.line }, `roles include each other: ${cycle}`, "remove one of these includes")
      } else if (included) {
        positions.set(included.name, open.length)
        open.push({ role: included, next: 0 })
      }
    }
  }
}
