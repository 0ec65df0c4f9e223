import { randomBytes } from "node:crypto"

/** The id that an answer carries: the caller's `X-Request-ID` (its first 128 characters) when it is printable ASCII, else a new one. */
export function requestIdOf(header: string | string[] | undefined, newId: () => string): string {
  if (typeof header !== "string" || !printable.test(header)) return newId()
  return header.length > maxLength ? header.slice(0, maxLength) : header
}

/** Makes ids that are unique among processes and cheap: a random part of this process, and a count. */
export function requestIds(): () => string {
  const process = randomBytes(8).toString("hex")
  let count = 0
  return () => `${process}-${++count}`
}

const printable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const maxLength = 128
