import type { AuthorizationData, Role } from "./authorization-data.js"
import { compileRoutes } from "./compile-routes.js"
import { jsonMap, type JsonMap } from "./json-map.js"
import type { PolicyIndex } from "./policy-index.js"

/** Which rules the index is for. */
export interface CompileOptions {
  readonly profile: "hardened" | "nemo"
  /** What a presented scope set means. Default `strict`. */
  readonly scopes?: "strict" | "lenient" | "off"
}

/** Levels below a role that the reference follows; deeper ones it ignores. */
const nemoInheritanceLevels = 4

/** Compiles checked authorization data into the index of a profile's policy. Same data, same bytes, whatever the order of its documents. */
export function compileIndex(data: AuthorizationData, options: CompileOptions): PolicyIndex {
  const nemo = options.profile === "nemo"
  const closures = roleClosures(data.roles, nemo ? nemoInheritanceLevels : Number.POSITIVE_INFINITY)
  return {
    grants: grantsOf(data, closures),
    includers: includersOf(closures),
    ...compileRoutes(data.endpoints, nemo),
    ...(data.deniedPrefixes.length > 0 && { denied: deniedOf(data.deniedPrefixes) }),
    ...(options.scopes && options.scopes !== "strict" && { scopes: options.scopes }),
    ...(data.endpoints.size === 0 && { empty: true }),
  }
}

/** Every role with the permissions that it gives, those of the roles it includes among them; `*` is everything. */
export function permissionsByRole({ roles }: AuthorizationData, profile: CompileOptions["profile"]): ReadonlyMap<string, readonly string[]> {
  const closures = roleClosures(roles, profile === "nemo" ? nemoInheritanceLevels : Number.POSITIVE_INFINITY)
  return new Map(
    [...closures].map(([name, closure]) => [name, [...new Set([...closure].flatMap((role) => roles.get(role)?.permissions ?? []))].sort()]),
  )
}

/** Every role with the roles it includes, itself first, down to a depth. Unknown names stay out; cycles do no harm. */
function roleClosures(roles: ReadonlyMap<string, Role>, levels: number): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...roles.keys()].sort().map((name) => {
      const closure = new Set([name])
      let frontier = [name]
      for (let level = 0; level < levels && frontier.length > 0; level++) {
        frontier = frontier.flatMap((role) => roles.get(role)?.includes ?? []).filter((role) => roles.has(role) && !closure.has(role))
        for (const role of frontier) closure.add(role)
      }
      return [name, closure]
    }),
  )
}

function grantsOf(data: AuthorizationData, closures: ReadonlyMap<string, ReadonlySet<string>>): JsonMap<JsonMap<true>> {
  const own = (role: string): readonly string[] => data.roles.get(role)?.permissions ?? []
  const held = [...closures].map(([role, closure]) => [role, new Set([...closure].flatMap(own))] as const)
  const named = new Set([
    ...held.flatMap(([, permissions]) => [...permissions]),
    ...[...data.endpoints.values()].flatMap((operations) => [...operations.values()].flatMap((operation) => operation.permissions)),
  ])
  named.delete("*")
  const holders = (permission: string): [string, true][] =>
    held.filter(([, permissions]) => permissions.has("*") || permissions.has(permission)).map(([role]) => [role, true])
  const everything: [string, JsonMap<true>][] = [["*", jsonMap(held.filter(([, permissions]) => permissions.has("*")).map(([role]) => [role, true]))]]
  return jsonMap([...everything, ...[...named].sort().map((permission): [string, JsonMap<true>] => [permission, jsonMap(holders(permission))])])
}

function includersOf(closures: ReadonlyMap<string, ReadonlySet<string>>): JsonMap<JsonMap<true>> {
  return jsonMap(
    [...closures.keys()].map((role) => [role, jsonMap([...closures].filter(([, closure]) => closure.has(role)).map(([bound]) => [bound, true]))]),
  )
}

function deniedOf(prefixes: readonly string[]): NonNullable<PolicyIndex["denied"]> {
  const sorted = [...new Set(prefixes)].sort()
  return {
    lengths: [...new Set(sorted.map((prefix) => prefix.split("/").length))].sort((a, b) => a - b),
    prefixes: jsonMap(sorted.map((prefix) => [prefix, true])),
  }
}
