import { nearest } from "../authorization-data/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { RoleBinding } from "../model/role-binding.js"
import type { Decisions, Lookups, Pdp } from "../pdp/index.js"

/** Who may give and take which role: nobody more than he holds himself. */
export interface Grants {
  /** @throws {PdpError} `ERR_INPUT_INVALID` when there is no such role, and what {@link assertMayRevoke} throws */
  assertMayGrant(binding: RoleBinding): Promise<void>
  /** @throws {PdpError} `ERR_DENIED` with reason `grant_not_allowed` */
  assertMayRevoke(binding: RoleBinding): Promise<void>
}

/** Roles that only a PlatformAdmin gives and takes. */
const platformRoles: ReadonlySet<string> = new Set(["PlatformAdmin", "ServiceSystem"])

/** True for everybody and for services, whose bindings only a PlatformAdmin changes. */
export function isReserved(principal: string): boolean {
  return principal === "*" || principal.startsWith("service:")
}

/** @param decisionsOn the policy on the bindings that the transaction sees */
export function grants(pdp: Pdp, caller: Principal, decisionsOn: (lookups: Lookups) => Promise<Decisions>): Grants {
  const isPlatformAdmin = async (): Promise<boolean> => {
    const request = { principal: caller, workspace: "system", role: "PlatformAdmin" }
    return (await decisionsOn(pdp.lookups(request))).hasRole(request).allowed
  }
  const holdsAll = async (workspace: string, permissions: readonly string[]): Promise<boolean> => {
    if (permissions.length === 0) return true
    const request = { principal: caller, workspace, permissions }
    return (await decisionsOn(pdp.lookups(request))).hasPermissions(request).allowed
  }
  const assertMayRevoke = async ({ principal, workspace, role }: RoleBinding): Promise<void> => {
    if (await isPlatformAdmin()) return
    if (platformRoles.has(role)) throw refused(`role ${role} is given and taken by a PlatformAdmin only`)
    if (isReserved(principal)) throw refused(`bindings of '${principal}' are changed by a PlatformAdmin only`)
    const permissions = pdp.roles().get(role) ?? []
    if (permissions.includes("*")) throw refused(`role ${role} holds every permission, and is given and taken by a PlatformAdmin only`)
    if (!(await holdsAll(workspace, permissions)))
      throw refused(`role ${role} holds permissions that you do not hold in workspace '${workspace}'; ask somebody who does`)
  }
  return {
    assertMayRevoke,
    assertMayGrant: async (binding) => {
      const roles = [...pdp.roles().keys()]
      if (!roles.includes(binding.role))
        throw new PdpError("ERR_INPUT_INVALID", `there is no role '${binding.role}'; ${suggestion(binding.role, roles)}`)
      await assertMayRevoke(binding)
    },
  }
}

function suggestion(role: string, roles: readonly string[]): string {
  const close = nearest(role, roles)
  return close === undefined ? `choose one of ${roles.join(", ")}` : `did you mean '${close}'?`
}

function refused(message: string): PdpError {
  return new PdpError("ERR_DENIED", message, { reason: "grant_not_allowed" })
}
