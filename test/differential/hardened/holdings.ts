import type { RoleBinding } from "../../../src/model/role-binding.js"
import type { Definition } from "./definition.js"
import type { Identity } from "./identity.js"

/** Who holds what, by looking through all bindings each time. */
export class Holdings {
  readonly #roles: Definition["roles"]
  readonly #bindings: readonly RoleBinding[]

  constructor({ roles }: Definition, bindings: readonly RoleBinding[]) {
    this.#roles = roles
    this.#bindings = bindings
  }

  /** Role `PlatformAdmin` in `system`, bound to one of his own principals by that name. */
  isPlatformAdmin({ principals }: Identity): boolean {
    return principals.some((principal) => this.#bound(principal, "system").includes("PlatformAdmin"))
  }

  /** Held by himself or by everybody. */
  holds(identity: Identity, workspace: string, permission: string): boolean {
    return this.holdsHimself(identity, workspace, permission) || this.#bound("*", workspace).some((role) => this.#grants(role, permission))
  }

  /** Bindings of everybody do not count. */
  holdsHimself(identity: Identity, workspace: string, permission: string): boolean {
    return this.rolesHimself(identity, workspace).some((role) => this.#grants(role, permission))
  }

  /** The roles of his principals. A service holds `ServiceSystem` where it has no binding of its own. */
  rolesHimself({ kind, id, principals }: Identity, workspace: string): readonly string[] {
    const roles = principals.flatMap((principal) => this.#bound(principal, workspace))
    return kind === "service" && this.#bound(id, workspace).length === 0 ? [...roles, "ServiceSystem"] : roles
  }

  /** The roles of everybody. */
  rolesOfEverybody(workspace: string): readonly string[] {
    return this.#bound("*", workspace)
  }

  /** Whether a role is another one, or includes it at any depth. */
  includes(role: string, wanted: string): boolean {
    return role === wanted || (this.#roles.get(role)?.includes ?? []).some((included) => this.includes(included, wanted))
  }

  #bound(principal: string, workspace: string): readonly string[] {
    return this.#bindings.filter((binding) => binding.principal === principal && binding.workspace === workspace).map(({ role }) => role)
  }

  #grants(role: string, permission: string): boolean {
    const known = this.#roles.get(role)
    if (!known) return false
    if (known.permissions.includes("*") || known.permissions.includes(permission)) return true
    return known.includes.some((included) => this.#grants(included, permission))
  }
}
