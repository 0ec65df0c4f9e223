import type { HeaderLine } from "./raw-request.js"

/** What came back over a connection. */
export interface RawAnswer {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  /** Not unpacked, at most so much as is read. */
  readonly body: string
}

/** The values of a header, in order. @param name in lower case */
export function valuesOf({ headers }: Pick<RawAnswer, "headers">, name: string): readonly string[] {
  return headers.filter(([sent]) => sent.toLowerCase() === name).map(([, value]) => value)
}
