import type { Random } from "./random.js"

/** The same items in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** The same JSON with the keys of its objects, and the items of lists of texts, in another order. */
export function reordered(random: Random, value: unknown): unknown {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string") ? shuffled(random, value) : value
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(shuffled(random, Object.entries(value)).map(([key, member]: [string, unknown]) => [key, reordered(random, member)]))
}

/** {@link reordered} for an object. */
export function reorderedObject(random: Random, value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...value })
      .map(([key, member]: [string, unknown]) => [key, reordered(random, member)])
      .reverse(),
  )
}
