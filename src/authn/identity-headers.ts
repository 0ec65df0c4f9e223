import { PdpError } from "../errors.js"

/** The headers that say who asks. */
export const identityHeaderNames = [
  "authorization",
  "x-nmp-principal-id",
  "x-nmp-principal-email",
  "x-nmp-principal-groups",
  "x-nmp-principal-on-behalf-of",
  "x-nmp-principal-on-behalf-of-email",
  "x-nmp-principal-on-behalf-of-groups",
  "x-nmp-scopes",
] as const

/** One of {@link identityHeaderNames}. */
export type IdentityHeader = (typeof identityHeaderNames)[number]

/** Values without spaces around them. */
export type IdentityHeaders = ReadonlyMap<IdentityHeader, string>

/**
 * Picks the headers that say who asks. One that comes twice is refused: who reads the first, and who reads both, would see different principals.
 *
 * @param rawHeaders names and values in turn
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function identityHeaders(rawHeaders: readonly string[]): IdentityHeaders {
  const found = new Map<IdentityHeader, string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = nameOf(rawHeaders[at] ?? "")
    if (name === undefined) continue
    if (found.has(name)) throw new PdpError("ERR_INPUT_INVALID", `the header ${rawHeaders[at]} comes twice; send it once`)
    found.set(name, (rawHeaders[at + 1] ?? "").trim())
  }
  return found
}

function nameOf(sent: string): IdentityHeader | undefined {
  const lowerCase = sent.toLowerCase()
  return identityHeaderNames.find((name) => name === lowerCase)
}
