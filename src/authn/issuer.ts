import { PdpError } from "../errors.js"
import { httpTarget } from "../outgoing/index.js"
import type { AuthenticationSettings, IssuerOptions } from "./options.js"

/** One issuer of tokens, with every default. */
export interface Issuer extends ClaimNames {
  readonly issuer: string
  /** What `aud` must contain. */
  readonly audience: string
  /** Absent: the discovery document says. */
  readonly jwksUri: string | undefined
}

/** Which claims name the principal. */
export interface ClaimNames {
  /** In turn: the first that holds a text counts. */
  readonly emailClaims: readonly string[]
  /** In turn: the first that is there counts. */
  readonly groupsClaims: readonly string[]
  readonly subjectClaim: string
  /** With a slash at its end. */
  readonly scopePrefix: string | undefined
  /** In lower case; e-mail addresses elsewhere are not principals. Undefined: any domain. */
  readonly emailDomains: ReadonlySet<string> | undefined
}

/**
 * The configured issuers by name.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when one comes twice, accepts any audience, or could never be asked for its keys
 */
export function configuredIssuers({ issuers, hooks: { resolve } }: AuthenticationSettings): ReadonlyMap<string, Issuer> {
  const found = new Map<string, Issuer>()
  for (const options of issuers) {
    const { issuer, jwksUri } = options
    if (found.has(issuer)) throw invalid(`the issuer '${issuer}' is configured twice`, "configure it once")
    httpTarget(jwksUri ?? issuer, resolve)
    found.set(issuer, withDefaults(options, issuers.length > 1))
  }
  return found
}

function withDefaults(options: IssuerOptions, isOneOfSeveral: boolean): Issuer {
  const { issuer, jwksUri, audience = options.clientId, emailClaim = "email", groupsClaim, subjectClaim = "sub", scopePrefix } = options
  if (audience === undefined)
    throw invalid(
      `the issuer '${issuer}' has neither an audience nor a client id, so tokens for anybody would pass`,
      "set its audience (auth.oidc.audience)",
    )
  const domains = options.emailDomains ?? (isOneOfSeveral ? [] : undefined)
  return {
    issuer,
    audience,
    jwksUri,
    emailClaims: [emailClaim],
    groupsClaims: groupsClaim === undefined ? ["groups", "cognito:groups"] : [groupsClaim],
    subjectClaim,
    scopePrefix: scopePrefix?.replace(/\/*$/, "/"),
    emailDomains: domains && new Set(domains.map((domain) => domain.toLowerCase())),
  }
}

function invalid(what: string, remedy: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `${what}; ${remedy}`)
}
