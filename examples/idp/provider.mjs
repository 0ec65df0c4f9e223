import { accountOf, claimsOf } from "./accounts.mjs"
import { apiOf } from "./approval.mjs"
import { clients } from "./clients.mjs"
import { loadOidcProvider } from "./oidc-provider.mjs"
import { registerPasswordGrant } from "./password-grant.mjs"
import { announceInterval, nameUnauthorizedClients, slowDown } from "./protocol.mjs"
import { oidcScopes, refuseUnknownScopes, resource, scopesOf } from "./scopes.mjs"

const weekSeconds = 7 * 24 * 3600

/**
 * The IdP's protocol side, by `oidc-provider`.
 *
 * @param options `issuer`, `jwks` (private keys, the signing ones first), `signing` ({ alg, kid }), `storage`, and the settings of `startIdp`
 */
export async function makeProvider(options) {
  const { Provider, errors } = await loadOidcProvider()
  const provider = new Provider(options.issuer, configurationOf(options, errors))
  registerPasswordGrant(provider, errors, options)
  provider.use(nameUnauthorizedClients)
  provider.use(announceInterval(options.intervalSeconds))
  provider.use(slowDown(options.isTooSoon))
  provider.on("server_error", (_context, error) => console.error("idp:", error))
  return provider
}

function configurationOf(options, errors) {
  return {
    adapter: options.storage.adapter,
    clients,
    jwks: { keys: options.jwks },
    scopes: oidcScopes,
    discovery: { scopes_supported: scopesOf(options.scopePrefix) },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["upn", "groups"] },
    cookies: { keys: [options.issuer] },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: ({ oidc }, _indicator, client) => {
          refuseUnknownScopes(oidc.params.scope, scopesOf(options.scopePrefix), errors)
          return apiOf(client.clientId, options)
        },
      },
    },
    ttl: {
      AccessToken: (_context, token) => token.resourceServer?.accessTokenTTL ?? options.accessTokenTtl,
      DeviceCode: options.deviceCodeTtl,
      Grant: weekSeconds,
      IdToken: options.accessTokenTtl,
      RefreshToken: weekSeconds,
      Session: weekSeconds,
    },
    findAccount: (_context, sub) => {
      const account = accountOf(sub)
      return account && { accountId: sub, claims: () => ({ sub, ...claimsOf(account) }) }
    },
    extraTokenClaims: (_context, { accountId }) => {
      const account = accountOf(accountId)
      return account && claimsOf(account)
    },
    clientBasedCORS: () => false,
    renderError: (context, { error, error_description: description }) => {
      context.type = "text"
      context.body = `${error}: ${description ?? ""}\n`
    },
  }
}
