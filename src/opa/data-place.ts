import { pathSegments, valueInside } from "./data-path.js"

/** What a path of the data API names. */
export interface DataPlace {
  readonly segments: readonly string[]
  /** The entrypoint that answers it. Absent: base data, and the entrypoints `below`. */
  readonly entrypoint?: string
  /** Keys and indexes from the result of the entrypoint inwards. */
  readonly inside: readonly string[]
  /** Of a package: the entrypoints in it, and where they stand in its document. */
  readonly below: readonly EntrypointBelow[]
}

/** One entrypoint in a package. */
export interface EntrypointBelow {
  readonly entrypoint: string
  readonly at: readonly string[]
}

/** What a policy has to look places up in. */
export interface DataDocuments {
  evaluate(entrypoint: string): unknown
  /** Base data. */
  read(): unknown
}

const maxRemembered = 1_000

/**
 * Finds what paths below `/v1/data` name: an entrypoint, or a place inside the result of the longest one that begins it.
 *
 * @param entrypoints such as `todo/allow`
 * @param hasPackages whether a path above entrypoints names them all
 * @returns a function from the rest of a path; it gives `malformed` for a bad percent escape
 */
export function dataPlaces(entrypoints: readonly string[], hasPackages: boolean): (rest: string) => DataPlace | "malformed" {
  const known = new Set(entrypoints)
  const split = hasPackages ? entrypoints.map((entrypoint) => ({ entrypoint, segments: entrypoint.split("/") })) : []
  const remembered = new Map<string, DataPlace>()
  return (rest) => {
    const before = remembered.get(rest)
    if (before) return before
    const segments = pathSegments(rest)
    if (segments === "malformed") return segments
    const place = placeOf(segments, known, split)
    if (remembered.size === maxRemembered) remembered.clear()
    if (rest.length <= maxRememberedLength) remembered.set(rest, place)
    return place
  }
}

const maxRememberedLength = 256

interface SplitEntrypoint {
  readonly entrypoint: string
  readonly segments: readonly string[]
}

function placeOf(segments: readonly string[], known: ReadonlySet<string>, split: readonly SplitEntrypoint[]): DataPlace {
  for (let length = segments.length; length > 0; length--) {
    const begin = segments.slice(0, length)
    const entrypoint = begin.join("/")
    if (known.has(entrypoint) && !begin.some((segment) => segment.includes("/")))
      return { segments, entrypoint, inside: segments.slice(length), below: [] }
  }
  const below = split.filter((one) => one.segments.length > segments.length && segments.every((segment, at) => segment === one.segments[at]))
  const seen = segments.length > 0 ? below : below.filter((one) => one.segments[0] !== systemPackage)
  return {
    segments,
    inside: [],
    below: seen.map(({ entrypoint, segments: all }) => ({ entrypoint, at: all.slice(segments.length) })),
  }
}

/** What only shows when asked for by its name, as in OPA. */
const systemPackage = "system"

/** The document at a place; `undefined` when it is undefined. A package is an object of base data and of what its entrypoints say. */
export function documentAt({ segments, entrypoint, inside, below }: DataPlace, documents: DataDocuments): unknown {
  if (entrypoint !== undefined) return valueInside(documents.evaluate(entrypoint), inside)
  const base = valueInside(documents.read(), segments)
  const seen = segments.length === 0 ? withoutSystem(base) : base
  return below.reduce<unknown>((merged, one) => withValue(merged, one.at, documents.evaluate(one.entrypoint)), below.length > 0 ? (seen ?? {}) : seen)
}

function withoutSystem(base: unknown): unknown {
  if (typeof base !== "object" || base === null || !Object.hasOwn(base, systemPackage)) return base
  return Object.fromEntries(Object.entries(base).filter(([name]) => name !== systemPackage))
}

function withValue(document: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value
  if (value === undefined) return document
  const parent = typeof document === "object" && document !== null && !Array.isArray(document) ? document : {}
  const member: unknown = Object.hasOwn(parent, first) ? Reflect.get(parent, first) : undefined
  return { ...parent, [first]: withValue(member, rest, value) }
}
