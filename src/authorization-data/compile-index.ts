import type { AuthorizationData, Operation, Role } from "./authorization-data.js"
import { parsePathTemplate, rankOf, workspacePositions, type PathTemplate } from "./path-template.js"
import type { IndexedOperation, JsonMap, PolicyIndex, Route, RouteFamily, RouteLevel, RouteMask, RouteTree } from "./policy-index.js"

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
  const routes = [...data.endpoints]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, operations]) => ({ template: parsePathTemplate(text), route: toRoute(text, operations, nemo) }))
  return {
    grants: grantsOf(data, closures),
    includers: includersOf(closures),
    routes: levelsOf(routes, nemo),
    trailing: familiesOf(routes, nemo),
    ...(data.deniedPrefixes.length > 0 && { denied: deniedOf(data.deniedPrefixes) }),
    ...(options.scopes && options.scopes !== "strict" && { scopes: options.scopes }),
    ...(data.endpoints.size === 0 && { empty: true }),
  }
}

interface TemplateRoute {
  readonly template: PathTemplate
  readonly route: Route
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

function toRoute(endpoint: string, operations: ReadonlyMap<string, Operation>, nemo: boolean): Route {
  const template = parsePathTemplate(endpoint)
  const { named, afterWorkspaces } = workspacePositions(template.segments)
  const indexed = new Map([...operations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([method, operation]) => [method, toIndexedOperation(operation)]))
  const get = indexed.get("GET")
  if (!nemo && get && !indexed.has("HEAD")) indexed.set("HEAD", get)
  const workspace = nemo ? { named, after_workspaces: afterWorkspaces } : template.workspaceAt !== undefined && { workspace: template.workspaceAt }
  const segments = nemo ? {} : { placeholders: template.placeholders.filter((at) => at < trailingStart(template) && at !== template.workspaceAt) }
  const trailing = !nemo && template.trailingAt !== undefined && { trailing: template.trailingAt + 1 }
  return {
    endpoint,
    rank: nemo ? template.placeholders.length : rankOf(template),
    ...workspace,
    ...segments,
    ...trailing,
    operations: jsonMap(indexed),
  }
}

function toIndexedOperation(operation: Operation): IndexedOperation {
  const [onlyCaller, ...otherCallers] = new Set(operation.callers)
  return {
    ...(operation.permissions_listed && { permissions: [...new Set(operation.permissions)] }),
    ...(operation.scopes.length > 0 && { scopes: jsonMap(operation.scopes.map((scope) => [scope, true])) }),
    ...(onlyCaller && otherCallers.length === 0 && { callers: onlyCaller }),
    ...(operation.deny && { deny: true }),
    ...(operation.public && { public: true }),
    ...(!operation.admin && { admin: false }),
    ...(!operation.all_workspaces && { all_workspaces: false }),
  }
}

function levelsOf(routes: readonly TemplateRoute[], nemo: boolean): readonly (RouteLevel | null)[] {
  const fixed = routes.filter(({ template }) => template.trailingAt === undefined)
  const counts = Math.max(0, ...fixed.map(({ template }) => template.segments.length))
  return Array.from({ length: fixed.length === 0 ? 0 : counts + 1 }, (_, count) => {
    const level = fixed.filter(({ template }) => template.segments.length === count)
    return level.length === 0 ? null : levelOf(level, nemo)
  })
}

function levelOf(routes: readonly TemplateRoute[], nemo: boolean): RouteLevel {
  const position = mostTellingPosition(routes)
  const values = new Set(
    routes.filter(({ template }) => template.literals.includes(position)).map(({ template }) => template.segments[position] ?? ""),
  )
  const open = routes.filter(({ template }) => !template.literals.includes(position))
  const group = (value: string): TemplateRoute[] =>
    routes.filter(({ template }) => !template.literals.includes(position) || template.segments[position] === value)
  return { position, groups: jsonMap([...values].sort().map((value) => [value, masksOf(group(value), nemo)])), others: masksOf(open, nemo) }
}

/** The position that leaves the fewest templates to look at in the worst case: most distinct literals, fewest placeholders. */
function mostTellingPosition(routes: readonly TemplateRoute[]): number {
  const positions = routes[0]?.template.segments.map((_, position) => position).slice(1) ?? []
  const largestGroup = (position: number): number => {
    const sizes = new Map<string, number>()
    const open = routes.filter(({ template }) => !template.literals.includes(position)).length
    for (const { template } of routes)
      if (template.literals.includes(position)) sizes.set(template.segments[position] ?? "", (sizes.get(template.segments[position] ?? "") ?? 0) + 1)
    return open + Math.max(0, ...sizes.values())
  }
  const masks = (position: number): number => largestGroup(position) * 1000 + position
  return positions.toSorted((a, b) => masks(a) - masks(b))[0] ?? 0
}

function familiesOf(routes: readonly TemplateRoute[], nemo: boolean): readonly RouteFamily[] {
  const trailing = routes.filter(({ template }) => template.trailingAt !== undefined)
  const positions = [...new Set(trailing.map(({ template }) => template.trailingAt ?? 0))].sort((a, b) => a - b)
  return positions.map((position) => ({
    position,
    masks: masksOf(
      trailing.filter(({ template }) => template.trailingAt === position),
      nemo,
    ),
  }))
}

/** Most literals first, so that the first mask that matches is the most specific. */
function masksOf(routes: readonly TemplateRoute[], nemo: boolean): readonly RouteMask[] {
  const byMask = groupBy(routes, ({ template }) => literalPositions(template).join())
  return [...byMask.values()]
    .toSorted(([a], [b]) => (a && b ? compareMasks(literalPositions(a.template), literalPositions(b.template)) : 0))
    .map((same) => toMask(same, nemo))
}

function compareMasks(a: readonly number[], b: readonly number[]): number {
  return b.length - a.length || (a.join() < b.join() ? -1 : 1)
}

function toMask(same: readonly TemplateRoute[], nemo: boolean): RouteMask {
  const [first] = same
  const literals = first ? literalPositions(first.template) : []
  const positions = literals.length > 0 ? literals : [0]
  const byLiterals = groupBy(same, ({ template }) => positions.map((position) => template.segments[position]).join("/"))
  const leaves = [...byLiterals].map(([literals, equal]) => [literals.split("/"), equal.map(({ route }) => route)] as const)
  const runs = runsOf(positions)
  if (nemo) return { runs, filled: first?.template.placeholders.filter((at) => at < trailingStart(first.template)) ?? [], routes: treeOf(leaves) }
  return { runs, routes: treeOf(leaves.flatMap(([literals, [route]]) => (route ? [[literals, route] as const] : []))) }
}

function runsOf(positions: readonly number[]): readonly number[] {
  return positions.flatMap((position, i) => [
    ...(positions[i - 1] === position - 1 ? [] : [position]),
    ...(positions[i + 1] === position + 1 ? [] : [position + 1]),
  ])
}

function treeOf(leaves: readonly (readonly [readonly string[], Route | readonly Route[]])[]): RouteTree {
  const byFirst = groupBy(leaves, ([[first = ""]]) => first)
  return jsonMap(
    [...byFirst].map(([segment, same]): readonly [string, RouteTree[string]] => {
      const [leaf] = same
      if (leaf && leaf[0].length <= 1) return [segment, leaf[1]]
      return [segment, treeOf(same.map(([[, ...rest], route]) => [rest, route] as const))]
    }),
  )
}

/** Without the `-` of a trailing template: the policy has looked at it already. */
function literalPositions(template: PathTemplate): readonly number[] {
  return template.literals.filter((position) => position !== template.trailingAt)
}

function trailingStart(template: PathTemplate): number {
  return template.trailingAt ?? Number.POSITIVE_INFINITY
}

function deniedOf(prefixes: readonly string[]): NonNullable<PolicyIndex["denied"]> {
  const sorted = [...new Set(prefixes)].sort()
  return {
    lengths: [...new Set(sorted.map((prefix) => prefix.split("/").length))].sort((a, b) => a - b),
    prefixes: jsonMap(sorted.map((prefix) => [prefix, true])),
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

function jsonMap<Value>(entries: Iterable<readonly [string, Value]>): JsonMap<Value> {
  const map: Record<string, Value> = Object.create(null)
  for (const [key, value] of entries) map[key] = value
  return map
}
