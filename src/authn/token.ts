import { decodeProtectedHeader } from "jose"
import { PdpError } from "../errors.js"
import { tokenMalformed } from "./bearer-token.js"
import type { Caller } from "./caller.js"
import type { AuthenticationOptions } from "./options.js"
import { readUnsignedToken } from "./unsigned-token.js"

/** Reads a bearer token. @throws {PdpError} `ERR_UNAUTHENTICATED` with the reason */
export type ReadToken = (token: string, trusted: boolean) => Caller

/** Unsigned JWTs of trusted peers are read where they are allowed; whatever else is refused, and says why. */
export function tokenReader({ allowUnsignedJwt = false, leewaySeconds = 60, now = Date.now }: AuthenticationOptions): ReadToken {
  return (token, trusted) => {
    const algorithm = algorithmOf(token)
    if (algorithm !== "none") throw refused("signature_invalid", cannotVerify(algorithm))
    if (!allowUnsignedJwt)
      throw refused("unsigned_rejected", "unsigned tokens are not accepted; set auth.allow_unsigned_jwt to true to believe callers on this machine")
    if (!trusted)
      throw refused(
        "unsigned_rejected",
        "unsigned tokens are believed only from this machine, and not when a proxy passed the request on; call the sidecar directly",
      )
    return { ...readUnsignedToken(token, { leewaySeconds, now }), proof: "unsigned_token" }
  }
}

function algorithmOf(token: string): string {
  try {
    const { alg } = decodeProtectedHeader(token)
    if (token.split(".").length === 3 && typeof alg === "string") return alg
  } catch (cause) {
    throw tokenMalformed(notJwt, cause)
  }
  throw tokenMalformed(notJwt)
}

const notJwt = "the bearer token is no JWT, and other tokens cannot be looked up; send a JWT"

function cannotVerify(algorithm: string): string {
  return `the token is signed (${algorithm.slice(0, 16)}), and no identity provider is known here whose keys could verify it: signed tokens are not supported yet; from this machine send X-NMP-Principal-Id, or an unsigned token with auth.allow_unsigned_jwt`
}

function refused(reason: string, message: string): PdpError {
  return new PdpError("ERR_UNAUTHENTICATED", message, { reason })
}
