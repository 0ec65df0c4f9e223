import { refused } from "./reasons.js"

/**
 * What stands behind `Authorization: Bearer`; any text.
 *
 * @returns undefined without the header
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed` for any other scheme
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const [scheme = ""] = /^bearer +(?=\S)/i.exec(authorization) ?? []
  if (scheme === "") throw refused("token_malformed", "Authorization holds no bearer token", "send 'Bearer <token>'")
  return authorization.slice(scheme.length)
}
