import { accessTokenSeconds } from "./clients.mjs"
import { audience, resource, scopesOf } from "./scopes.mjs"

/** Notes that an account lets a client have scopes: `{ accountId, grantId, scope, resource }` of what may be issued. */
export async function approval(provider, clientId, account, scope, { granted }) {
  const scopes = granted(scope.split(" ")).join(" ")
  const grant = new provider.Grant({ accountId: account.sub, clientId })
  grant.addOIDCScope(scopes)
  grant.addResourceScope(resource, scopes)
  return { accountId: account.sub, grantId: await grant.save(), scope: scopes, resource }
}

/** What access tokens for the API look like. */
export function apiOf(clientId, { scopePrefix, accessTokenTtl, signing }) {
  return {
    scope: scopesOf(scopePrefix).join(" "),
    audience,
    accessTokenFormat: "jwt",
    accessTokenTTL: accessTokenSeconds(clientId, accessTokenTtl),
    jwt: { sign: signing },
  }
}
