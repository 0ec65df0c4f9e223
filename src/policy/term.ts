/**
 * A value of Rego's: what JSON has, and sets and objects with any keys. Integers beyond 2^53 are bigints. Sets and the keys of objects are in OPA's order.
 */
export type Term = null | boolean | number | bigint | string | readonly Term[] | TermObject | TermSet
/** Composite keys are compared by what they hold only through {@link memberOf}. */
export type TermObject = ReadonlyMap<Term, Term>
export type TermSet = ReadonlySet<Term>

/** A set of these members, each once, in order. */
export function setOf(members: Iterable<Term>): TermSet {
  const sorted = [...members].sort(compareTerms)
  return new Set(sorted.filter((member, at) => at === 0 || compareTerms(sorted[at - 1] ?? null, member) !== 0))
}

/** An object of these members, in order; of equal keys the last one counts. */
export function objectOf(members: Iterable<readonly [Term, Term]>): TermObject {
  const sorted = [...members].sort(([a], [b]) => compareTerms(a, b))
  return new Map(sorted.filter(([key], at) => at === sorted.length - 1 || compareTerms(sorted[at + 1]?.[0] ?? null, key) !== 0))
}

/** What an object holds under a key, `undefined` for nothing. */
export function memberOf(object: TermObject, key: Term): Term | undefined {
  if (typeof key !== "object" || key === null) return object.get(key)
  for (const [candidate, member] of object) if (compareTerms(candidate, key) === 0) return member
  return undefined
}

/** Whether a set holds a member. */
export function isMember(set: TermSet, wanted: Term): boolean {
  if (typeof wanted !== "object" || wanted === null) return set.has(wanted)
  for (const member of set) if (compareTerms(member, wanted) === 0) return true
  return false
}

export function isArray(term: Term | undefined): term is readonly Term[] {
  return Array.isArray(term)
}

export function isObject(term: Term | undefined): term is TermObject {
  return term instanceof Map
}

export function isSet(term: Term | undefined): term is TermSet {
  return term instanceof Set
}

/**
 * OPA's order of values: null, booleans, numbers, strings, arrays, objects, sets; strings by code point.
 *
 * @see https://www.openpolicyagent.org/docs/policy-reference#comparison-order
 */
export function compareTerms(a: Term, b: Term): number {
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b)
  const byKind = kindOf(a) - kindOf(b)
  if (byKind !== 0) return byKind
  if (isArray(a) && isArray(b)) return compareItems(a, b)
  if (isSet(a) && isSet(b)) return compareItems([...a], [...b])
  if (isObject(a) && isObject(b)) return compareItems([...a.keys()], [...b.keys()]) || compareItems([...a.values()], [...b.values()])
  if (a === b || a === null || b === null) return 0
  return a < b ? -1 : a > b ? 1 : 0
}

/** By code point, which is the order of their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return isPlain(a) && isPlain(b) ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function isPlain(text: string): boolean {
  return !/[\ud800-\uffff]/.test(text)
}

function kindOf(term: Term): number {
  if (term === null) return 0
  if (typeof term === "boolean") return 1
  if (typeof term === "number" || typeof term === "bigint") return 2
  if (typeof term === "string") return 3
  return isArray(term) ? 4 : isObject(term) ? 5 : 6
}

function compareItems(a: readonly Term[], b: readonly Term[]): number {
  for (const [at, item] of a.entries()) {
    const other = b[at]
    if (other === undefined) return 1
    const order = compareTerms(item, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** The term of a JSON value. */
export function termOf(value: unknown): Term {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "bigint" || typeof value === "string")
    return value
  if (Array.isArray(value)) return value.map(termOf)
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} is not a JSON value`)
  return objectOf(Object.entries(value).map(([key, member]) => [key, termOf(member)]))
}
