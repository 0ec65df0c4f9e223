import { login } from "./accounts.mjs"
import { apiOf, approval } from "./approval.mjs"
import { refuseUnknownScopes, resource, scopesOf } from "./scopes.mjs"

/** The password grant (RFC 6749 section 4.3): for machines without a browser, and for tests. */
export function registerPasswordGrant(provider, errors, options) {
  const answer = async ({ oidc: { client, params } }) => {
    const scopes = scopesOf(options.scopePrefix)
    refuseUnknownScopes(params.scope, scopes, errors)
    const account = login(params.username, params.password)
    if (!account) throw new errors.InvalidGrant("invalid username or password")

    const approved = await approval(provider, client.clientId, account, params.scope ?? scopes.join(" "), options)
    const issued = { ...approved, client, gty: "password" }
    const accessToken = new provider.AccessToken({
      ...issued,
      resourceServer: new provider.ResourceServer(resource, apiOf(client.clientId, options)),
    })
    const mayRefresh = approved.scope.split(" ").includes("offline_access") && client.grantTypeAllowed("refresh_token")
    return {
      access_token: await accessToken.save(),
      expires_in: accessToken.expiration,
      ...(mayRefresh && { refresh_token: await new provider.RefreshToken({ ...issued, rotations: 0 }).save() }),
      scope: approved.scope,
      token_type: "Bearer",
    }
  }
  const handle = async (context) => {
    context.body = await answer(context)
  }
  provider.registerGrantType("password", handle, ["username", "password", "scope"])
}
