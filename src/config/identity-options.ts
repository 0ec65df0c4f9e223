import type { AuthenticationOptions, IssuerOptions, LoginDiscoveryOptions } from "../authn/index.js"
import { additionalIssuers, isOidcOn } from "./oidc-flaws.js"
import type { OidcConfig } from "./oidc-config.js"
import type { Config } from "./schema.js"

/** True when bearer tokens are looked at, and some issuer's are believed. */
export function verifiesTokens({ auth }: Config): boolean {
  return auth.enabled && isOidcOn(auth.oidc)
}

/** How callers prove who they are, for `startServer` and `authentication`. With `auth.enabled: false` nobody's tokens are believed. */
export function authenticationOptionsOf(config: Config): AuthenticationOptions {
  const { enabled, allow_unsigned_jwt, principal_header_prefix, oidc } = config.auth
  return {
    enabled,
    allowUnsignedJwt: allow_unsigned_jwt,
    issuers: verifiesTokens(config) ? issuersOf(oidc) : [],
    allowedHosts: allowedHostsOf(oidc),
    jwksCacheSeconds: oidc.jwks_cache_seconds,
    jwksCooldownSeconds: oidc.jwks_cooldown_seconds,
    leewaySeconds: oidc.leeway_seconds,
    headerPrefix: principal_header_prefix,
  }
}

/** What those who log in are told, for `startServer`. */
export function discoveryOptionsOf({ auth, profile }: Config): LoginDiscoveryOptions {
  const { oidc } = auth
  if (!isOidcOn(oidc) || oidc.issuer === undefined) return { authEnabled: auth.enabled }
  return {
    authEnabled: auth.enabled,
    oidc: {
      issuer: oidc.issuer,
      clientId: oidc.client_id ?? "",
      defaultScopes: oidc.default_scopes ?? (profile === "nemo" ? scopesOfTheReference : `${scopesOfTheReference} platform:read platform:write`),
      scopePrefix: oidc.scope_prefix,
      authorizationEndpoint: oidc.authorization_endpoint,
      tokenEndpoint: oidc.token_endpoint,
      deviceAuthorizationEndpoint: oidc.device_authorization_endpoint,
      userinfoEndpoint: oidc.userinfo_endpoint,
      cacheSeconds: oidc.discovery_cache_ttl,
      allowedHosts: allowedHostsOf(oidc),
    },
  }
}

const scopesOfTheReference = "openid profile email offline_access"

/** Audience and client id come together: an issuer that has one of them has nothing to do with those of the first. */
function issuersOf(oidc: OidcConfig): readonly IssuerOptions[] {
  if (oidc.issuer === undefined) return []
  const first = {
    issuer: oidc.issuer,
    audience: oidc.audience,
    clientId: oidc.client_id,
    jwksUri: oidc.jwks_uri,
    emailClaim: oidc.email_claim,
    groupsClaim: groupsClaimOf(oidc.groups_claim),
    subjectClaim: oidc.subject_claim,
    scopePrefix: oidc.scope_prefix,
    emailDomains: oidc.email_domains,
  }
  const others = additionalIssuers(oidc).map((own) => ({
    issuer: own.issuer,
    ...((own.audience ?? own.client_id) === undefined
      ? { audience: first.audience, clientId: first.clientId }
      : { audience: own.audience, clientId: own.client_id }),
    jwksUri: own.jwks_uri,
    emailClaim: own.email_claim ?? first.emailClaim,
    groupsClaim: own.groups_claim === undefined ? first.groupsClaim : groupsClaimOf(own.groups_claim),
    subjectClaim: own.subject_claim ?? first.subjectClaim,
    scopePrefix: own.scope_prefix ?? first.scopePrefix,
    emailDomains: own.email_domains,
  }))
  return [first, ...others]
}

/** The default is left to whoever reads the claims: it looks for Cognito's name, too. */
function groupsClaimOf(name: string): string | undefined {
  return name === "groups" ? undefined : name
}

function allowedHostsOf({ allowed_hosts }: OidcConfig): readonly string[] | undefined {
  return allowed_hosts.length === 0 ? undefined : allowed_hosts.map((host) => host.toLowerCase())
}
