import { definitionOf } from "./hardened/definition.js"
import { Holdings } from "./hardened/holdings.js"
import type { Identity } from "./hardened/identity.js"
import { askersIn, requestOf } from "./hardened/request.js"
import { isAllowed } from "./hardened/rules.js"
import type { Model } from "./question.js"

/** The hardened profile by the text of `docs/policy.md` alone: it looks through all templates and all bindings. */
export const hardenedModel: Model = (world) => {
  const definition = definitionOf(world)
  const holdings = new Holdings(definition, world.bindings)
  return ({ entrypoint, input }) => {
    if (entrypoint === "has_permissions") return hasPermissions(input, holdings)
    if (entrypoint === "has_role") return hasRole(input, holdings)
    const request = requestOf(input)
    return request !== undefined && isAllowed(request, definition, holdings, world.scopes)
  }
}

type Input = Readonly<Record<string, unknown>>

/** Decision 12: A2 or A4, for everybody who asks; scopes aside. */
function hasPermissions(input: Input, holdings: Holdings): boolean {
  const { workspace, permissions } = input
  if (!isWorkspaceName(workspace) || !isList(permissions) || permissions.length === 0) return false
  const all = askersIn(input)?.all ?? []
  const asked = permissions.map((permission) => askedIn(workspace, permission))
  if (all.length === 0 || asked.includes(undefined)) return false
  return all.every((identity) => holdings.isPlatformAdmin(identity) || asked.every((one) => one && holdsAsked(one, identity, holdings)))
}

interface Asked {
  readonly workspace: string
  readonly permission: string
  /** `workspace/permission`: bindings of everybody do not count. */
  readonly elsewhere: boolean
}

/** `undefined` for what is neither `permission` nor `workspace/permission`. */
function askedIn(workspace: string, permission: unknown): Asked | undefined {
  const parts = typeof permission === "string" ? permission.split("/") : []
  const [first, second] = parts
  if (!first || parts.length > 2 || second === "") return undefined
  return second === undefined ? { workspace, permission: first, elsewhere: false } : { workspace: first, permission: second, elsewhere: true }
}

function holdsAsked({ workspace, permission, elsewhere }: Asked, identity: Identity, holdings: Holdings): boolean {
  if (!elsewhere) return holdings.holds(identity, workspace, permission)
  return isWorkspaceName(workspace) && holdings.holdsHimself(identity, workspace, permission)
}

/** Literal by default; `effective` follows inheritance and counts the roles of everybody. For everybody who asks. */
function hasRole(input: Input, holdings: Holdings): boolean {
  const { workspace, role, effective = false } = input
  if (!isWorkspaceName(workspace) || typeof role !== "string" || typeof effective !== "boolean") return false
  const all = askersIn(input)?.all ?? []
  if (all.length === 0) return false
  return all.every((identity) => {
    const own = holdings.rolesHimself(identity, workspace)
    if (!effective) return own.includes(role)
    return [...own, ...holdings.rolesOfEverybody(workspace)].some((held) => holdings.includes(held, role))
  })
}

/** One workspace's name, or `system`. */
function isWorkspaceName(name: unknown): name is string {
  return typeof name === "string" && name !== "" && name !== "-" && name !== "*" && !name.includes("/")
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
