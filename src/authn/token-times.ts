import { refused } from "./reasons.js"
import type { Claims } from "./token.js"

/** By which clock, and how exactly. */
export interface TokenClock {
  readonly leewaySeconds: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * A token is in force: `exp`, `iat` and `sub` are there, `exp` is not past, `nbf` and `iat` are not in the future.
 *
 * @returns until when, in milliseconds since the epoch, leeway included
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed`, `token_expired` or `token_not_yet_valid`
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 */
export function assertInForce(claims: Claims, { leewaySeconds, now }: TokenClock): number {
  for (const claim of ["exp", "iat", "sub"])
    if ((claims.get(claim) ?? undefined) === undefined) throw refused("token_malformed", `the token has no claim ${claim}`, "let the issuer add it")
  const expires = secondsOf(claims, "exp") ?? 0
  const [issued = 0, notBefore = 0] = [secondsOf(claims, "iat"), secondsOf(claims, "nbf")]
  const seconds = now() / 1_000
  if (expires + leewaySeconds <= seconds) throw refused("token_expired")
  if (notBefore - leewaySeconds > seconds) throw refused("token_not_yet_valid", "the token is not valid yet (nbf)")
  if (issued - leewaySeconds > seconds) throw refused("token_not_yet_valid", "the token is issued in the future (iat)")
  return (expires + leewaySeconds) * 1_000
}

/** The end of the year 9999: later times are milliseconds by mistake, and would never come. */
const lastSecond = 253_402_300_799

function secondsOf(claims: Claims, claim: string): number | undefined {
  const value = claims.get(claim)
  if (value === undefined) return undefined
  if (typeof value === "number" && Math.abs(value) <= lastSecond) return value
  throw refused("token_malformed", `the claim ${claim} of the token is no time in seconds`)
}
