import { dataEntrypointNames, type DataEntrypointName } from "./entrypoints.js"

/** What a path below `/v1/data` names: one of our entrypoints and a place inside its result. */
export interface DataPath {
  readonly entrypoint: DataEntrypointName
  /** Keys and indexes from the result inwards; empty: all of it. */
  readonly inside: readonly string[]
}

/**
 * Reads the rest of a path after `/v1/data`: segments are percent-decoded, as in OPA, and empty ones do not count, where OPA redirects.
 *
 * @returns `undefined` for what is not there (the whole document, base data, other packages), and `malformed` for a bad percent escape
 */
export function parseDataPath(rest: string): DataPath | undefined | "malformed" {
  const segments: string[] = []
  for (const segment of rest.split("/")) {
    if (segment === "") continue
    const decoded = segment.includes("%") ? percentDecoded(segment) : segment
    if (decoded === undefined) return "malformed"
    segments.push(decoded)
  }
  const [root, name, ...inside] = segments
  const entrypoint = root === "authz" ? dataEntrypointNames.find((known) => known === name) : undefined
  return entrypoint && { entrypoint, inside }
}

/** The value at that place inside a result; `undefined` when it has no such place. */
export function valueInside(result: unknown, inside: readonly string[]): unknown {
  let value = result
  for (const segment of inside) {
    if (typeof value !== "object" || value === null) return undefined
    if (Array.isArray(value) && !/^(0|[1-9][0-9]{0,9})$/.test(segment)) return undefined
    if (!Object.hasOwn(value, segment)) return undefined
    value = Reflect.get(value, segment)
  }
  return value
}

function percentDecoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch (thrown) {
    if (thrown instanceof URIError) return undefined
    throw thrown
  }
}
