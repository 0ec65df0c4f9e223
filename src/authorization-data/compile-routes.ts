import type { AuthorizationData, Operation } from "./authorization-data.js"
import { jsonMap, type JsonMap } from "./json-map.js"
import { parsePathTemplate, rankOf, workspacePositions, type PathTemplate } from "./path-template.js"
import { TemplateTree } from "./template-overlap.js"
import type { IndexedOperation, PolicyIndex, Route, RouteFamily, RouteLevel, RouteMask } from "./policy-index.js"

/** Compiles endpoints into the part of the index that finds the operations of a path. */
export function compileRoutes(
  endpoints: AuthorizationData["endpoints"],
  nemo: boolean,
): Pick<PolicyIndex, "levels" | "trailing" | "routes" | "operations"> {
  const sorted = [...endpoints].sort(([a], [b]) => (a < b ? -1 : 1))
  const parsed = sorted.map(([text]) => parsePathTemplate(text))
  const trailing = new TemplateTree(parsed.filter(({ trailingAt }) => trailingAt !== undefined))
  const templates = parsed.map((template, number) => ({ template, number, contested: isContested(template, trailing) }))
  const byMask = [...groupBy(templates, ({ template }) => maskName(template)).values()]
  const masked = byMask.flatMap((same, number) => same.map((one): Masked => ({ ...one, mask: maskOf(one.template, number, nemo) })))
  return {
    levels: levelsOf(masked),
    trailing: familiesOf(masked),
    routes: byMask.map((same) => routesOf(same, nemo)),
    operations: sorted.map(([, operations]) => operationsOf(operations, nemo)),
  }
}

/** A template with its number among all, which is that of its operations. */
interface Numbered {
  readonly template: PathTemplate
  readonly number: number
  readonly contested: boolean
}

interface Masked extends Numbered {
  readonly mask: RouteMask
}

function isContested(template: PathTemplate, trailing: TemplateTree): boolean {
  return template.trailingAt === undefined && trailing.overlapping(template).some((other) => rankOf(other) > rankOf(template))
}

/** What templates have in common that one lookup tells apart: where the literal segments are, and how many segments there may be. */
function maskName(template: PathTemplate): string {
  const length = template.trailingAt === undefined ? `${template.segments.length}` : `${template.trailingAt}-`
  return `${length} ${literalPositions(template).join()}`
}

function maskOf(template: PathTemplate, number: number, nemo: boolean): RouteMask {
  const filled = nemo && { filled: template.placeholders.filter((at) => at < trailingStart(template)) }
  return { number, runs: runsOf(lookupPositions(template)), ...filled }
}

/** Without the `-` of a trailing template: the policy has looked at it already. */
function literalPositions(template: PathTemplate): readonly number[] {
  return template.literals.filter((position) => position !== template.trailingAt)
}

/** Where the segments are that a path is looked up by. Without any literal one, the empty one before the first slash. */
function lookupPositions(template: PathTemplate): readonly number[] {
  const literals = literalPositions(template)
  return literals.length > 0 ? literals : [0]
}

function trailingStart(template: PathTemplate): number {
  return template.trailingAt ?? Number.POSITIVE_INFINITY
}

function runsOf(positions: readonly number[]): readonly number[] {
  return positions.flatMap((position, i) => [
    ...(positions[i - 1] === position - 1 ? [] : [position]),
    ...(positions[i + 1] === position + 1 ? [] : [position + 1]),
  ])
}

function routesOf(same: readonly Numbered[], nemo: boolean): JsonMap<Route | readonly Route[]> {
  const literals = ({ template }: Numbered): string =>
    lookupPositions(template)
      .map((position) => template.segments[position])
      .join("/")
  const byLiterals = [...groupBy(same, literals)].map(([name, equal]) => [name, equal.map((one) => toRoute(one, nemo))] as const)
  return nemo ? jsonMap(byLiterals) : jsonMap(byLiterals.flatMap(([name, [route]]) => (route ? [[name, route] as const] : [])))
}

function toRoute({ template, number, contested }: Numbered, nemo: boolean): Route {
  const { named, afterWorkspaces } = workspacePositions(template.segments)
  const workspace = nemo ? { named, after_workspaces: afterWorkspaces } : template.workspaceAt !== undefined && { workspace: template.workspaceAt }
  const segments = nemo ? {} : { placeholders: template.placeholders.filter((at) => at < trailingStart(template) && at !== template.workspaceAt) }
  const trailing = !nemo && template.trailingAt !== undefined && { trailing: template.trailingAt + 1 }
  const rank = nemo ? template.placeholders.length : rankOf(template)
  return { endpoint: template.text, rank, ...workspace, ...segments, ...trailing, ...(!nemo && contested && { contested }), operations: number }
}

function operationsOf(operations: ReadonlyMap<string, Operation>, nemo: boolean): JsonMap<IndexedOperation> {
  const indexed = new Map([...operations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([method, operation]) => [method, toIndexedOperation(operation)]))
  const get = indexed.get("GET")
  if (!nemo && get && !indexed.has("HEAD")) indexed.set("HEAD", get)
  return jsonMap(indexed)
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

function levelsOf(routes: readonly Masked[]): readonly (RouteLevel | null)[] {
  const fixed = routes.filter(({ template }) => template.trailingAt === undefined)
  const counts = Math.max(0, ...fixed.map(({ template }) => template.segments.length))
  return Array.from({ length: fixed.length === 0 ? 0 : counts + 1 }, (_, count) => {
    const level = fixed.filter(({ template }) => template.segments.length === count)
    return level.length === 0 ? null : levelOf(level)
  })
}

function levelOf(routes: readonly Masked[]): RouteLevel {
  const positions = routes[0]?.template.segments.map((_, position) => position).slice(1) ?? []
  const [best] = positions.map((position) => levelAt(routes, position)).toSorted(moreTelling)
  return best ?? levelAt(routes, 0)
}

function levelAt(routes: readonly Masked[], position: number): RouteLevel {
  const valueOf = ({ template }: Masked): string | undefined => (template.literals.includes(position) ? template.segments[position] : undefined)
  const groups = groupBy(routes, valueOf)
  const open = groups.get(undefined) ?? []
  const named = [...groups].flatMap(([value, same]) => (value === undefined ? [] : [[value, masksOf([...same, ...open])] as const]))
  return { position, groups: jsonMap(named.toSorted(([a], [b]) => (a < b ? -1 : 1))), others: masksOf(open) }
}

/** First the level with the fewest lookups for a path in its worst group, then for a path in no group, then in all groups together. */
function moreTelling(a: RouteLevel, b: RouteLevel): number {
  const [worst, all] = lookupsOf(a)
  const [otherWorst, otherAll] = lookupsOf(b)
  return worst - otherWorst || a.others.length - b.others.length || all - otherAll || a.position - b.position
}

function lookupsOf({ groups, others }: RouteLevel): readonly [worst: number, all: number] {
  const counts = [others, ...Object.values(groups)].map((masks) => masks.length)
  return [Math.max(...counts), counts.reduce((sum, count) => sum + count, 0)]
}

function familiesOf(routes: readonly Masked[]): readonly RouteFamily[] {
  const byPosition = groupBy(routes, ({ template }) => template.trailingAt)
  const families = [...byPosition].flatMap(([position, same]) => (position === undefined ? [] : [{ position, masks: masksOf(same) }]))
  return families.toSorted((a, b) => a.position - b.position)
}

/** Most literals first, so that the first mask that matches is the most specific. */
function masksOf(routes: readonly Masked[]): readonly RouteMask[] {
  const distinct = [...new Map(routes.map((one) => [one.mask.number, one])).values()]
  return distinct.toSorted((a, b) => compareLiterals(literalPositions(a.template), literalPositions(b.template))).map(({ mask }) => mask)
}

function compareLiterals(a: readonly number[], b: readonly number[]): number {
  return b.length - a.length || (a.join() < b.join() ? -1 : 1)
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
