import type { Flaw } from "./flaw.js"
import type { OidcConfig } from "./oidc-config.js"
import { hostOf } from "./web-address.js"

/** True when bearer tokens of issuers are verified. */
export function isOidcOn({ enabled, issuer }: OidcConfig): boolean {
  return issuer !== undefined && enabled !== false
}

/** The issuers besides the first, each with what is set for it alone. */
export function additionalIssuers({ additional_issuers }: OidcConfig): readonly Exclude<OidcConfig["additional_issuers"][number], string>[] {
  return additional_issuers.map((entry) => (typeof entry === "string" ? { issuer: entry } : entry))
}

/** Values of `auth.oidc` that are right alone and wrong together. */
export function oidcFlaws(oidc: OidcConfig): readonly Flaw[] {
  if (oidc.enabled === false) return []
  if (oidc.issuer === undefined) return withoutIssuer(oidc)
  return [...audienceFlaws(oidc), ...repeatedIssuers(oidc), ...unlistedHosts(oidc)]
}

/** What is allowed, and most likely not meant. */
export function oidcOddities(oidc: OidcConfig): readonly Flaw[] {
  if (!isOidcOn(oidc)) return oidc.enabled === false ? [] : offBySilence(oidc)
  const others = additionalIssuers(oidc)
  if (others.length === 0) return []
  const problem = "vouches for no e-mail address, for there are several issuers; list its domains in"
  return [
    ...(oidc.email_domains === undefined ? [{ key: "auth.oidc.issuer", problem: `${problem} auth.oidc.email_domains` }] : []),
    ...others.flatMap(({ email_domains }, index) =>
      email_domains === undefined ? [{ key: additionalKey, path: [index], problem: `${problem} its email_domains` }] : [],
    ),
  ]
}

const additionalKey = "auth.oidc.additional_issuers"

function withoutIssuer({ enabled, additional_issuers }: OidcConfig): readonly Flaw[] {
  if (enabled === true)
    return [{ key: "auth.oidc.enabled", problem: "is true without auth.oidc.issuer; write the issuer there, or leave auth.oidc.enabled out" }]
  return additional_issuers.length === 0 ? [] : [{ key: additionalKey, problem: "is set without auth.oidc.issuer; write the first issuer there" }]
}

function audienceFlaws(oidc: OidcConfig): readonly Flaw[] {
  if (oidc.audience !== undefined || oidc.client_id !== undefined) return []
  const problem = "has neither audience nor client_id, so that tokens for any other application would do; set"
  return [
    { key: "auth.oidc.issuer", problem: `${problem} auth.oidc.audience or auth.oidc.client_id` },
    ...additionalIssuers(oidc).flatMap(({ issuer, audience, client_id }, index) =>
      audience === undefined && client_id === undefined
        ? [{ key: additionalKey, path: [index], problem: `'${issuer}' ${problem} its audience or client_id, or those of auth.oidc` }]
        : [],
    ),
  ]
}

function repeatedIssuers(oidc: OidcConfig): readonly Flaw[] {
  const others = additionalIssuers(oidc).map(({ issuer }) => issuer)
  return others.flatMap((issuer, index) =>
    issuer === oidc.issuer || others.indexOf(issuer) < index
      ? [{ key: additionalKey, path: [index], problem: `'${issuer}' is an issuer already; leave one of the two out` }]
      : [],
  )
}

function unlistedHosts(oidc: OidcConfig): readonly Flaw[] {
  if (oidc.allowed_hosts.length === 0) return []
  const listed = new Set(oidc.allowed_hosts.map((host) => host.toLowerCase()))
  const asked: readonly (readonly [string, string | undefined])[] = [
    ["auth.oidc.issuer", oidc.issuer],
    ["auth.oidc.jwks_uri", oidc.jwks_uri],
    ...additionalIssuers(oidc).flatMap(
      ({ issuer, jwks_uri }, index) =>
        [
          [`${additionalKey}[${index}]`, issuer],
          [`${additionalKey}[${index}].jwks_uri`, jwks_uri],
        ] as const,
    ),
  ]
  return asked.flatMap(([of, url]) =>
    url === undefined || listed.has(hostOf(url))
      ? []
      : [{ key: "auth.oidc.allowed_hosts", problem: `does not contain '${hostOf(url)}', the host of ${of}; add it, or leave the list out` }],
  )
}

function offBySilence(oidc: OidcConfig): readonly Flaw[] {
  const names = ["client_id", "audience", "jwks_uri", "token_endpoint", "device_authorization_endpoint"] as const
  return names
    .filter((name) => oidc[name] !== undefined)
    .slice(0, 1)
    .map((name) => ({ key: `auth.oidc.${name}`, problem: "does nothing without auth.oidc.issuer: no bearer token is verified; set the issuer" }))
}
