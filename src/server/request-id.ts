import { randomUUID } from "node:crypto"

/** The id that an answer carries: the caller's `X-Request-ID` (its first 128 characters) when it is printable ASCII, else a new one. */
export function requestIdOf(header: string | string[] | undefined, newId: () => string = randomUUID): string {
  if (typeof header !== "string" || !printable.test(header)) return newId()
  return header.length > maxLength ? header.slice(0, maxLength) : header
}

const printable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const maxLength = 128
