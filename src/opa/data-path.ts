/** The segments of a path below `/v1/data`: percent-decoded, as in OPA; empty ones do not count, where OPA redirects. @returns `malformed` for a bad percent escape */
export function dataSegments(rest: string): readonly string[] | "malformed" {
  const segments: string[] = []
  for (const segment of rest.split("/")) {
    if (segment === "") continue
    const decoded = segment.includes("%") ? percentDecoded(segment) : segment
    if (decoded === undefined) return "malformed"
    segments.push(decoded)
  }
  return segments
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
