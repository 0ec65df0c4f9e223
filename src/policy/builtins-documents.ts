import { arrayIn, BuiltinError, membersIn, objectIn, type OpaBuiltins } from "./opa-builtin.js"
import { patched } from "./json-patch.js"
import { compareTerms, isArray, isMember, isObject, isSet, memberOf, setOf, type Term, type TermObject } from "./term.js"

const mostPaths = 100_000

/** Builtins on composite values that are not compiled into modules. `opa.runtime` gives nothing: neither configuration nor environment. */
export const documentBuiltins: OpaBuiltins = {
  "object.subset": (whole, part) => isPart(whole ?? null, part ?? null),
  "json.patch": (document, operations) => patched(document ?? null, arrayIn(operations)),
  "graph.reachable_paths": (graph, start) => setOf(pathsFrom(objectIn(graph), membersIn(start))),
  "opa.runtime": () => new Map<Term, Term>(),
  cast_array: (value) => membersIn(value),
  cast_set: (value) => setOf(membersIn(value)),
  cast_string: (value) => checked(value, typeof value === "string"),
  cast_boolean: (value) => checked(value, typeof value === "boolean"),
  cast_null: (value) => checked(value, value === null),
  cast_object: (value) => checked(value, isObject(value)),
}

function checked(value: Term | undefined, isRight: boolean): Term | undefined {
  if (isRight) return value
  throw new BuiltinError("the operand is of another type")
}

function isPart(whole: Term, part: Term): boolean {
  if (isObject(whole) && isObject(part)) return isPartOfObject(whole, part)
  if (isSet(whole) && isSet(part)) return [...part].every((member) => isMember(whole, member))
  if (isArray(whole) && isArray(part)) return isRun(whole, part)
  if (isArray(whole) && isSet(part)) return isAmong(whole, part)
  throw new BuiltinError("both operands must be of the same type, or array and set")
}

function isPartOfObject(whole: TermObject, part: TermObject): boolean {
  return [...part].every(([key, member]) => {
    const other = memberOf(whole, key)
    if (other === undefined) return false
    if (compareTerms(other, member) === 0) return true
    const isComparable = (isObject(other) && isObject(member)) || (isSet(other) && isSet(member)) || (isArray(other) && isArray(member))
    return isComparable && isPart(other, member)
  })
}

function isRun(whole: readonly Term[], part: readonly Term[]): boolean {
  return (
    whole.some((_, start) => part.every((item, at) => start + at < whole.length && compareTerms(whole[start + at] ?? null, item) === 0)) ||
    part.length === 0
  )
}

/** As OPA has it: an empty set is not in an empty array. */
function isAmong(whole: readonly Term[], part: ReadonlySet<Term>): boolean {
  const found = whole.filter((item) => isMember(part, item))
  return whole.length > 0 && found.length >= part.size
}

function pathsFrom(graph: TermObject, start: readonly Term[]): readonly Term[] {
  const paths: Term[] = []
  const commit = (path: readonly Term[]): void => {
    if (paths.length === mostPaths) throw new RangeError(`graph.reachable_paths would give more than ${mostPaths} paths`)
    paths.push(path)
  }
  const follow = (node: Term, path: readonly Term[], reached: readonly Term[]): void => {
    const edges = memberOf(graph, node)
    if (edges === undefined) return commit(path)
    const longer = [...path, node]
    const neighbors = neighborsIn(edges)
    if (neighbors.length === 0) return commit(longer)
    for (const neighbor of neighbors) {
      if ([...reached, node].some((seen) => compareTerms(seen, neighbor) === 0)) commit(longer)
      else follow(neighbor, longer, [...reached, node])
    }
  }
  for (const node of start) {
    const edges = memberOf(graph, node)
    if (edges === undefined) continue
    const neighbors = neighborsIn(edges)
    if (neighbors.length === 0) commit([node])
    for (const neighbor of neighbors) follow(neighbor, [node], [node])
  }
  return paths
}

function neighborsIn(edges: Term): readonly Term[] {
  return isArray(edges) || isSet(edges) ? [...edges] : []
}
