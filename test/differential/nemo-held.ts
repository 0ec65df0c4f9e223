import type { RoleBinding } from "../../src/model/role-binding.js"
import type { NemoDocument } from "./nemo-document.js"

/** What bindings and roles give. */
export interface NemoHeld {
  readonly document: NemoDocument
  readonly bindings: readonly RoleBinding[]
}

/** Whether a principal is a service: by its name alone, be it an id, an e-mail or a group. */
export function isService(principal: string | undefined): boolean {
  return principal?.startsWith("service:") ?? false
}

/** PlatformAdmin in `system`, bound to one of the caller's own principals. */
export function isPlatformAdmin({ bindings }: NemoHeld, principals: readonly string[]): boolean {
  return principals.some((principal) => boundRoles(bindings, principal, "system").includes("PlatformAdmin"))
}

/** Whether one of the principals holds all the permissions; what several hold is not united. */
export function oneHoldsAll(held: NemoHeld, principals: readonly string[], workspace: string, permissions: readonly string[]): boolean {
  return principals.some((principal) => permissions.every((permission) => holds(held, principal, workspace, permission)))
}

/** A service without a binding of its own in the workspace has role ServiceSystem there. */
export function effectiveRoles(bindings: readonly RoleBinding[], principal: string, workspace: string): readonly string[] {
  const bound = boundRoles(bindings, principal, workspace)
  return bound.length === 0 && isService(principal) ? ["ServiceSystem"] : bound
}

/** A role, what it includes, and so on down to the fourth level below it. */
export function rolesWithin({ roles }: NemoDocument, role: string): ReadonlySet<string> {
  const levelsBelow = 4
  const within = new Set([role])
  let level = [role]
  for (let depth = 0; depth < levelsBelow; depth++) {
    level = level.flatMap((name) => roles.get(name)?.includes ?? []).filter((name) => roles.has(name))
    for (const name of level) within.add(name)
  }
  return within
}

function boundRoles(bindings: readonly RoleBinding[], principal: string, workspace: string): readonly string[] {
  return bindings.filter((binding) => binding.principal === principal && binding.workspace === workspace).map(({ role }) => role)
}

/** `permission` also counts when everybody holds it; `workspace/permission` is looked up in that workspace, and does not. */
function holds({ document, bindings }: NemoHeld, principal: string, workspace: string, permission: string): boolean {
  const [first = "", second] = permission.split("/")
  if (second !== undefined) return effectiveRoles(bindings, principal, first).some((role) => gives(document, role, second))
  const roles = [...effectiveRoles(bindings, principal, workspace), ...boundRoles(bindings, "*", workspace)]
  return roles.some((role) => gives(document, role, permission))
}

function gives(document: NemoDocument, role: string, permission: string): boolean {
  const permissions = [...rolesWithin(document, role)].flatMap((name) => document.roles.get(name)?.permissions ?? [])
  return permissions.includes("*") || permissions.includes(permission)
}
