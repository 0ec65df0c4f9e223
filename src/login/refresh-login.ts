import type { LoginHooks } from "./hooks.js"
import { askIdp } from "./idp-answer.js"
import { idpProblem } from "./idp-problem.js"
import type { LoginProvider } from "./provider.js"
import { tokenEndpoint } from "./token-endpoint.js"
import { tokensFrom } from "./token-answer.js"
import type { Tokens } from "./tokens.js"

/**
 * Gets a new access token for a refresh token. IdPs that do not rotate refresh tokens send none: the old one stays in the answer.
 *
 * @param scopes those of the login; absent: the IdP takes them (RFC 6749 section 6)
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, reason `refresh_expired` when the IdP no longer takes it; `ERR_IDP_UNAVAILABLE` when it cannot be asked
 */
export async function refreshLogin(
  provider: LoginProvider,
  refreshToken: string,
  scopes: readonly string[] = [],
  hooks: LoginHooks = {},
): Promise<Tokens> {
  const { now = Date.now } = hooks
  const askedAt = now()
  const scope = scopes.length > 0 ? { scope: scopes.join(" ") } : {}
  const form = { grant_type: "refresh_token", client_id: provider.clientId, refresh_token: refreshToken, ...scope }
  const answer = await askIdp({ step: "refresh", url: tokenEndpoint(provider), form, secret: ["refresh_token"], hooks })
  if (!answer.ok) throw idpProblem(provider, answer.fault)
  return { refreshToken, ...tokensFrom(provider, answer, askedAt) }
}
