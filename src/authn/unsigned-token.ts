import { errors, UnsecuredJWT, type JWTPayload } from "jose"
import { PdpError, messageOf } from "../errors.js"
import { tokenMalformed } from "./bearer-token.js"
import { principalOfClaims, type ClaimedPrincipal } from "./claims.js"

/** By which clock, and how exactly. */
export interface TokenTimes {
  readonly leewaySeconds: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Reads a JWT with `alg: none`: `sub`, `iat` and `exp` must be there and the token in force. `iss` and `aud` are not looked at, because whoever
 * can write the token can write them.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed`, `token_expired` or `token_not_yet_valid`
 */
export function readUnsignedToken(token: string, { leewaySeconds, now }: TokenTimes): ClaimedPrincipal {
  const claims = decoded(token, leewaySeconds, now())
  if ((claims.iat ?? 0) > now() / 1_000 + leewaySeconds) throw notYetValid("iat")
  return principalOfClaims(claims)
}

function decoded(token: string, clockTolerance: number, now: number): JWTPayload {
  try {
    return UnsecuredJWT.decode(token, { currentDate: new Date(now), clockTolerance, requiredClaims: ["sub", "iat", "exp"] }).payload
  } catch (thrown) {
    if (thrown instanceof errors.JWTExpired)
      throw new PdpError("ERR_UNAUTHENTICATED", "the token has expired; log in again", { reason: "token_expired", cause: thrown })
    if (thrown instanceof errors.JWTClaimValidationFailed && thrown.claim === "nbf" && thrown.reason === "check_failed") throw notYetValid("nbf")
    throw tokenMalformed(`the unsigned token is not valid: ${messageOf(thrown)}; it needs the claims sub, iat and exp, and no signature`, thrown)
  }
}

function notYetValid(claim: string): PdpError {
  return new PdpError("ERR_UNAUTHENTICATED", `the token is not valid yet (${claim}); compare the clocks of both machines`, {
    reason: "token_not_yet_valid",
  })
}
