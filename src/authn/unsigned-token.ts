import { principalOfClaims, type ClaimedPrincipal } from "./claims.js"
import type { ClaimNames } from "./issuer.js"
import { refused } from "./reasons.js"
import type { Token } from "./token.js"
import { assertInForce, type TokenClock } from "./token-times.js"

/**
 * Whom a JWT with `alg: none` names: `sub`, `iat` and `exp` must be there and the token in force. `iss` and `aud` are not looked at, because
 * whoever can write the token can write them.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed`, `token_expired`, `token_not_yet_valid` or `subject_reserved`
 */
export function unsignedPrincipal({ claims, hasSignature }: Token, clock: TokenClock): ClaimedPrincipal {
  if (hasSignature) throw refused("token_malformed", "the token says that it is unsigned, and has a signature")
  assertInForce(claims, clock)
  return principalOfClaims(claims, claimNames)
}

/** Of no issuer: such a token is nobody's, so none of the configured claims is meant. */
const claimNames: ClaimNames = {
  emailClaims: ["email", "upn"],
  groupsClaims: ["groups", "cognito:groups"],
  subjectClaim: "sub",
  scopePrefix: undefined,
  emailDomains: undefined,
}
