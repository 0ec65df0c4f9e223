import type { LoginHooks } from "./hooks.js"
import { askIdp } from "./idp-answer.js"
import { idpProblem } from "./idp-problem.js"
import type { LoginProvider } from "./provider.js"
import { tokenEndpoint } from "./token-endpoint.js"
import { tokensFrom } from "./token-answer.js"
import type { Tokens } from "./tokens.js"

/** Who logs in. */
export interface PasswordCredentials {
  readonly username: string
  readonly password: string
}

/**
 * Logs in with a name and a password, where the IdP allows it. Prefer `deviceLogin`: the password never leaves the browser there.
 *
 * @param scopes as `requestedScopes` gives them
 * @throws {PdpError} `ERR_UNAUTHENTICATED` when the IdP refuses, `ERR_IDP_UNAVAILABLE` when it cannot be asked
 * @see RFC 6749 section 4.3
 */
export async function passwordLogin(
  provider: LoginProvider,
  scopes: readonly string[],
  { username, password }: PasswordCredentials,
  hooks: LoginHooks = {},
): Promise<Tokens> {
  const { now = Date.now } = hooks
  const askedAt = now()
  const form = { grant_type: "password", client_id: provider.clientId, scope: scopes.join(" "), username, password }
  const answer = await askIdp({ step: "password", url: tokenEndpoint(provider), form, secret: ["password"], hooks })
  if (!answer.ok) throw idpProblem(provider, answer.fault)
  return tokensFrom(provider, answer, askedAt)
}
