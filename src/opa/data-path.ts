/**
 * The percent-decoded segments of a path, empty ones among them. What the policy is asked about and what is served come from here both, so that they
 * are never two things.
 *
 * @param path with a `/` at its beginning or without; `/` has one segment, which is empty, and no path has none
 * @returns `malformed` for a bad percent escape
 */
export function pathSegments(path: string): readonly string[] | "malformed" {
  if (path === "") return []
  const segments: string[] = []
  for (const segment of (path.startsWith("/") ? path.slice(1) : path).split("/")) {
    const decoded = segment.includes("%") ? percentDecoded(segment) : segment
    if (decoded === undefined) return "malformed"
    segments.push(decoded)
  }
  return segments
}

/**
 * Where a path with empty segments, or with a `/` at its end, is sent to, as by OPA: 301 for the latter, 307 for the rest. `undefined` for a path that is
 * served as it is. Escapes stay as they are, and all that is superfluous goes at once.
 */
export function plainPath(path: string): { readonly status: 301 | 307; readonly path: string } | undefined {
  const isEnded = path.length > 1 && path.endsWith("/")
  if (!isEnded && !path.includes("//")) return undefined
  const plain = path.split("/").filter((segment) => segment !== "")
  return { status: isEnded ? 301 : 307, path: `/${plain.join("/")}` }
}

/** The value at that place inside a document; `undefined` when it has no such place. */
export function valueInside(document: unknown, inside: readonly string[]): unknown {
  let value = document
  for (const segment of inside) {
    if (typeof value !== "object" || value === null) return undefined
    if (Array.isArray(value) && !isIndex(segment)) return undefined
    if (!Object.hasOwn(value, segment)) return undefined
    value = Reflect.get(value, segment)
  }
  return value
}

/** Whether a segment is an index of a list in the one spelling that there is. */
export function isIndex(segment: string): boolean {
  return /^(0|[1-9][0-9]{0,9})$/.test(segment)
}

/** As OPA names a place in messages: `data.todo.allow`. */
export function dataName(segments: readonly string[]): string {
  return ["data", ...segments].join(".")
}

function percentDecoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch (thrown) {
    if (thrown instanceof URIError) return undefined
    throw thrown
  }
}
