import { PdpError } from "../errors.js"

/**
 * The token of `Authorization: Bearer …`.
 *
 * @returns undefined without the header
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed` for any other scheme, and for what cannot be a token
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const match = /^bearer[ ]+(\S.*)$/i.exec(authorization)
  if (!match?.[1]) throw tokenMalformed("Authorization holds no bearer token; send 'Bearer <token>'")
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(match[1])) return match[1]
  throw tokenMalformed("the bearer token is no JWT; a name or an e-mail address alone proves nothing")
}

/** Refuses a token that cannot be read. */
export function tokenMalformed(message: string, cause?: unknown): PdpError {
  return new PdpError("ERR_UNAUTHENTICATED", message, { reason: "token_malformed", cause })
}
