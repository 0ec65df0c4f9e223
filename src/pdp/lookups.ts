import type { AuthorizationRequest, PermissionsRequest, RoleRequest } from "../model/decision.js"
import type { StoredPrincipal } from "../model/principal.js"
import type { Profile } from "./pdp.js"
import { workspaceOfPermission, workspacesOf } from "./policy-input.js"
import { principalClaims } from "./principal-claims.js"
import { assertRequest } from "./request-shape.js"

/** The bindings that one decision can need: those of these principals in these workspaces. */
export interface Lookups {
  readonly principals: readonly StoredPrincipal[]
  readonly workspaces: readonly string[]
}

/** @throws {PdpError} `ERR_INPUT_INVALID` */
export function lookups(request: AuthorizationRequest | PermissionsRequest | RoleRequest, profile: Profile): Lookups {
  assertRequest(request)
  return { principals: principalClaims(request.principal, profile).names, workspaces: workspacesIn(request) }
}

function workspacesIn(request: AuthorizationRequest | PermissionsRequest | RoleRequest): readonly string[] {
  if ("path" in request) return workspacesOf(request.path, everyName)
  const others = "permissions" in request ? request.permissions.flatMap(workspaceOfPermission) : []
  return [request.workspace, "system", ...others]
}

/** For bindings that are elsewhere: the store at hand says nothing about them. */
const everyName = { mayNameWorkspace: (_text: string, start: number, end: number) => end > start }
