/** One header as it came. */
export type HeaderPair = readonly [name: string, value: string]

/** The headers of a request, one by one. @param rawHeaders names and values in turn, as Node lists them; a name without a value is none */
export function headerPairs(rawHeaders: readonly string[]): readonly HeaderPair[] {
  const pairs: HeaderPair[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""])
  return pairs
}

/** The values of the headers of a name. @param wanted in lower case */
export function headerValues(rawHeaders: readonly string[], wanted: string): readonly string[] {
  return headerPairs(rawHeaders).flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : []))
}
