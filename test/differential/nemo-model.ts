import { readNemoDocument, type NemoOperation } from "./nemo-document.js"
import { targetOf } from "./nemo-endpoints.js"
import { effectiveRoles, isPlatformAdmin, isService, oneHoldsAll, rolesWithin, type NemoHeld } from "./nemo-held.js"
import { readPermissionsQuestion, readRequest, readRoleQuestion } from "./nemo-input.js"
import type { Model } from "./question.js"

/**
 * The reference system's rules (`docs/policy.md`, nemo profile), with what `docs/compat.md` says both profiles do otherwise.
 * `world.bindings` are all the bindings there are, whether or not the document repeats them.
 */
export const nemoModel: Model = (world) => {
  const held = { document: readNemoDocument(world.document), bindings: world.bindings }
  return ({ entrypoint, input }) => {
    switch (entrypoint) {
      case "allow":
        return allows(held, input)
      case "has_permissions":
        return hasPermissions(held, input)
      case "has_role":
        return hasRole(held, input)
    }
  }
}

function allows(held: NemoHeld, input: unknown): boolean {
  const request = readRequest(input)
  if (!request) return false
  const bare = request.path?.split("?")[0]
  const target = targetOf(held.document, bare, request.method)
  if (!target) return false
  const asked: Asked = { ...held, ...request, ...request.caller, ...target, bare, segments: bare?.split("/") ?? [] }
  return allowing.some((rule) => rule(asked)) && !overriding.some((rule) => rule(asked))
}

/** A request with everything that a rule may look at. */
interface Asked extends NemoHeld {
  readonly id?: string
  readonly principals: readonly string[]
  readonly method?: string
  readonly path?: string
  readonly scopes: readonly string[]
  readonly known: boolean
  readonly workspace: string
  readonly operation?: NemoOperation
  /** The path without its query, undefined without a path, and in segments. */
  readonly bare: string | undefined
  readonly segments: readonly string[]
}

type Rule = (asked: Asked) => boolean

const n1PlatformAdmin: Rule = (asked) => isPlatformAdmin(asked, asked.principals)

const n2ServiceOnUnknownPath: Rule = ({ id, known }) => isService(id) && !known

const n3HeldInWorkspace: Rule = (asked) =>
  passesScopes(asked) && needsPermissions(asked) && !["", "-"].includes(asked.workspace) && holdsNeeded(asked, asked.principals, asked.workspace)

const n4ServiceWritesEverywhere: Rule = (asked) =>
  passesScopes(asked) &&
  needsPermissions(asked) &&
  asked.workspace === "-" &&
  ["POST", "PUT", "PATCH", "DELETE"].includes(asked.method ?? "") &&
  holdsNeeded(asked, asked.principals.filter(isService), "-")

const n5HeldInSystem: Rule = (asked) =>
  passesScopes(asked) && needsPermissions(asked) && asked.workspace === "" && holdsNeeded(asked, asked.principals, "system")

const n6ReadWithoutWorkspace: Rule = (asked) =>
  isAuthenticated(asked) && passesScopes(asked) && reads(asked) && asked.known && asked.workspace === "" && !needsPermissions(asked)

const n7ReadEverywhere: Rule = (asked) => isAuthenticated(asked) && passesScopes(asked) && reads(asked) && asked.workspace === "-"

const n8NoPermissionsNeeded: Rule = (asked) => isAuthenticated(asked) && passesScopes(asked) && asked.operation?.permissions?.length === 0

const healthPaths = ["/health/live", "/health/ready", "/status", "/metrics"]

const n9Health: Rule = ({ path }) => path !== undefined && healthPaths.includes(path)

const allowing = [
  n1PlatformAdmin,
  n2ServiceOnUnknownPath,
  n3HeldInWorkspace,
  n4ServiceWritesEverywhere,
  n5HeldInSystem,
  n6ReadWithoutWorkspace,
  n7ReadEverywhere,
  n8NoPermissionsNeeded,
  n9Health,
]

const x1Denied: Rule = ({ operation }) => operation?.deny === true

const x2Fenced: Rule = ({ bare, document }) => document.deniedPrefixes.some((prefix) => bare === prefix || bare?.startsWith(`${prefix}/`))

const x3SecretValue: Rule = ({ id, segments }) =>
  segments.length === 9 && segments[4] === "workspaces" && segments[6] === "secrets" && segments[8] === "access" && isPerson(id)

const x4Bundle: Rule = (asked) =>
  asked.bare === "/apis/auth/v2/iam/opa-bundle.tar.gz" &&
  !(passesScopes(asked) && oneHoldsAll(asked, asked.principals, "system", ["iam.bundle.read"]))

const x5InnerEntities: Rule = (asked) =>
  asked.bare !== undefined &&
  asked.bare.startsWith("/apis/entities/v2/") &&
  !isOpenEntity(asked.segments, asked.method ?? "") &&
  isPerson(asked.id) &&
  !isPlatformAdmin(asked, asked.principals)

const x6ForServices: Rule = (asked) =>
  allowsCaller(asked, "service_principal") && !allowsCaller(asked, "principal") && isPerson(asked.id) && !isPlatformAdmin(asked, asked.principals)

const x7ForPersons: Rule = (asked) => allowsCaller(asked, "principal") && !allowsCaller(asked, "service_principal") && isService(asked.id)

const x8NoEndpoints: Rule = ({ document, path }) =>
  document.endpoints.size === 0 && path !== undefined && ![...healthPaths, "/cluster-info"].includes(path)

const overriding = [x1Denied, x2Fenced, x3SecretValue, x4Bundle, x5InnerEntities, x6ForServices, x7ForPersons, x8NoEndpoints]

/** Without an id there is nobody whom an overriding rule could mean: what is open to everybody stays so. */
function isPerson(id: string | undefined): boolean {
  return id !== undefined && !isService(id)
}

function isAuthenticated({ principals }: Asked): boolean {
  return principals.length > 0
}

/** Compared as it is. */
function reads({ method }: Asked): boolean {
  return method === "GET" || method === "HEAD"
}

function needsPermissions({ operation }: Asked): boolean {
  return (operation?.permissions?.length ?? 0) > 0
}

function holdsNeeded(asked: Asked, principals: readonly string[], workspace: string): boolean {
  return oneHoldsAll(asked, principals, workspace, asked.operation?.permissions ?? [])
}

function allowsCaller({ operation }: Asked, kind: "principal" | "service_principal"): boolean {
  return operation?.callers.includes(kind) ?? false
}

/** Only scopes with a colon count; without any, and where none are asked for, there is nothing to check. */
function passesScopes({ scopes, operation }: Asked): boolean {
  const presented = scopes.filter((scope) => scope.includes(":"))
  const required = operation?.scopes ?? []
  return presented.length === 0 || required.length === 0 || presented.some((scope) => required.includes(scope))
}

/** What persons may reach below `/apis/entities/v2/`: workspaces, one workspace, and its members, projects and entities. Slashes do not count. */
function isOpenEntity(segments: readonly string[], method: string): boolean {
  const [, , , collection, workspace, nested = "", ...deeper] = segments.filter((segment) => segment !== "")
  const isMethod = (...methods: string[]): boolean => methods.includes(method.toLowerCase())
  if (collection !== "workspaces") return false
  if (workspace === undefined) return isMethod("get", "post")
  if (nested === "" && deeper.length === 0) return isMethod("get", "put", "delete")
  return workspace !== "-" && ["members", "projects", "entities"].includes(nested) && isMethod("get", "post", "put", "patch", "delete", "head")
}

function hasPermissions(held: NemoHeld, input: unknown): boolean {
  const question = readPermissionsQuestion(input)
  if (!question || !isWorkspaceName(question.workspace)) return false
  const { caller, workspace, permissions } = question
  if (permissions.length === 0 || !permissions.every(isPermissionName)) return false
  return isPlatformAdmin(held, caller.principals) || oneHoldsAll(held, caller.principals, workspace, permissions)
}

/** Literal; `effective`, which the reference does not know, follows inheritance and counts bindings of everybody. */
function hasRole({ document, bindings }: NemoHeld, input: unknown): boolean {
  const question = readRoleQuestion(input)
  if (!question || !isWorkspaceName(question.workspace)) return false
  const { caller, workspace, role, effective } = question
  if (caller.principals.length === 0) return false
  const rolesOf = (principal: string): readonly string[] => effectiveRoles(bindings, principal, workspace)
  if (!effective) return caller.principals.flatMap(rolesOf).includes(role)
  return [...caller.principals, "*"].flatMap(rolesOf).some((bound) => rolesWithin(document, bound).has(role))
}

function isWorkspaceName(name: string): boolean {
  return !["", "-", "*"].includes(name) && !name.includes("/")
}

/** `permission` or `workspace/permission`. */
function isPermissionName(name: string): boolean {
  const parts = name.split("/")
  return parts.length <= 2 && !parts.includes("")
}
