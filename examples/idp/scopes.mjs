/** Whom access tokens are for: `auth.oidc.audience` of the sidecar. */
export const audience = "portcullis"
/** What stands for the API where `oidc-provider` wants a resource (RFC 8707). Clients need not name it. */
export const resource = "urn:portcullis:api"
/** Scopes of OpenID Connect. */
export const oidcScopes = ["openid", "profile", "email", "offline_access"]

const platformScopes = ["platform:read", "platform:write"]

/** Every scope that can be asked for. */
export function scopesOf(prefix) {
  return [...oidcScopes, ...platformScopes.map((scope) => prefix + scope)]
}

/** RFC 6749 section 3.3: `oidc-provider` would drop them without a word. */
export function refuseUnknownScopes(asked, scopes, errors) {
  const unknown = asked?.split(" ").filter((scope) => !scopes.includes(scope)) ?? []
  if (unknown.length > 0) throw new errors.InvalidScope("requested scope is not known here", unknown.join(" "))
}
