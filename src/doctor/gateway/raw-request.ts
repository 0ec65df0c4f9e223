/** One header line, as it is sent. */
export type HeaderLine = readonly [name: string, value: string]

/** A request of HTTP/1.1 without a body. Nothing is put in order: what stands here is what a gateway gets. */
export interface RawRequest {
  readonly method: string
  /** A path as a rule; also the absolute form. */
  readonly target: string
  readonly headers: readonly HeaderLine[]
}

/**
 * The bytes of a request.
 *
 * @param headers in this order, names as they are written
 * @throws {TypeError} when a line break would make two lines of one: nothing that is sent here may begin another request; so may no character that a byte cannot hold
 * @see RFC 9112 section 3
 */
export function requestBytes({ method, target, headers }: RawRequest): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  if (lines.some((line) => /[\r\n\0]|[^\0-\xff]/.test(line))) throw new TypeError("a line of a request holds a line break, or what no byte can be")
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
}
