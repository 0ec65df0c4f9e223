import type { World } from "../question.js"
import type { Definition } from "./definition.js"
import type { Operation } from "./endpoint.js"
import type { Holdings } from "./holdings.js"
import type { Identity } from "./identity.js"
import { mostSpecific, isCanonical, isUnder, pathOf, workspaceIn } from "./path.js"
import type { Request } from "./request.js"

/** One request to one known operation, with all that the rules look at. */
interface Case {
  readonly request: Request
  readonly path: string
  readonly operation: Operation
  /** `-` stands for all; `undefined` when the path names none. */
  readonly workspace: string | undefined
  readonly definition: Definition
  readonly holdings: Holdings
  readonly scopeMode: World["scopes"]
}

/** Any allow rule, and no deny rule. */
export function isAllowed(request: Request, definition: Definition, holdings: Holdings, scopeMode: World["scopes"]): boolean {
  if (d6(definition)) return false
  const path = pathOf(request.target)
  const known = d1(request, path, definition)
  if (!known) return false
  const one: Case = { request, path, ...known, definition, holdings, scopeMode }
  if (d2(one) || d3(one)) return false
  return a1(one) || (scopesFit(one) && d5(one))
}

/** No authorization data: deny everything. */
function d6({ endpoints }: Definition): boolean {
  return endpoints.length === 0
}

/** Path not canonical, unknown, or without that method: `undefined`. */
function d1({ method }: Request, path: string, { endpoints }: Definition): Pick<Case, "operation" | "workspace"> | undefined {
  const endpoint = isCanonical(path) ? mostSpecific(endpoints, path) : undefined
  const operation = endpoint?.operations.get(method)
  if (!endpoint || !operation) return undefined
  const workspace = workspaceIn(endpoint.template, path)
  return workspace?.includes("%") ? undefined : { operation, workspace }
}

/** `deny`, a denied prefix, or all workspaces where that is not to be asked. */
function d2({ operation, path, workspace, definition }: Case): boolean {
  return operation.deny || isUnder(path, definition.deniedPrefixes) || (workspace === "-" && !operation.all_workspaces)
}

/** The other kind of caller. D4 is the same with `admin: false`. */
function d3({ operation, request: { caller }, holdings }: Case): boolean {
  const isService = caller?.kind === "service"
  if (isService) return !operation.callers.includes("service_principal")
  if (operation.callers.includes("principal")) return false
  const isExempt = operation.admin && caller !== undefined && holdings.isPlatformAdmin(caller)
  return !isExempt
}

/** Delegation: A2 to A6 must hold for everybody who asks. Without one there is only the caller. A1 asks for nobody. */
function d5(one: Case): boolean {
  const { all } = one.request
  return all !== undefined && all.every((identity) => [a2, a3, a4, a5, a6].some((rule) => rule(one, identity)))
}

/** Public: no principal needed. */
function a1({ operation }: Case): boolean {
  return operation.public
}

/** PlatformAdmin: every known operation. */
function a2({ holdings }: Case, identity: Identity): boolean {
  return holdings.isPlatformAdmin(identity)
}

/** The operation has no permissions. */
function a3({ operation }: Case): boolean {
  return operation.permissions?.length === 0
}

/** Each permission is held in the target workspace. */
function a4(one: Case, identity: Identity): boolean {
  return one.workspace !== "-" && holdsAll(one, identity, one.workspace ?? "system")
}

/** All workspaces, reading: the service filters what it lists. */
function a5({ workspace, request: { method } }: Case): boolean {
  return workspace === "-" && (method === "GET" || method === "HEAD")
}

/** All workspaces, writing: a service that holds the permissions in `system`. */
function a6(one: Case, identity: Identity): boolean {
  return one.workspace === "-" && identity.kind === "service" && holdsAll(one, identity, "system")
}

function holdsAll({ operation: { permissions = [] }, holdings }: Case, identity: Identity, workspace: string): boolean {
  return permissions.length > 0 && permissions.every((permission) => holdings.holds(identity, workspace, permission))
}

/** Decisions 7 and 8. A set without any `:` does not restrict in mode `lenient`. */
function scopesFit({ operation, request: { scopes }, scopeMode }: Case): boolean {
  if (scopes === undefined || scopeMode === "off" || operation.scopes.length === 0) return true
  if (scopeMode === "lenient" && !scopes.some((scope) => scope.includes(":"))) return true
  return operation.scopes.some((scope) => scopes.includes(scope))
}
