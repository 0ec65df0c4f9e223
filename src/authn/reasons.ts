import { PdpError, type PdpErrorCode } from "../errors.js"

/** One cause for which credentials are refused. */
export interface AuthenticationReasonRow {
  readonly code: PdpErrorCode
  /** What is wrong, in a few words that fit every case. */
  readonly meaning: string
  /** What to do about it, in one line. */
  readonly remedy: string
}

/** Why credentials are refused: every `reason` that authentication gives, with its error code and what to do about it. */
export const authenticationReasons = {
  no_credentials: row("no credentials came", "log in with 'portcullis auth login' and send the token as 'Authorization: Bearer <token>'"),
  token_malformed: row("the bearer token is no valid JWT", "send the access token exactly as the identity provider issued it"),
  token_expired: row("the token has expired", "log in again with 'portcullis auth login', or run 'portcullis auth refresh'"),
  token_not_yet_valid: row("the token is not valid yet", "compare the clocks of this machine and of the identity provider"),
  signature_invalid: row("no key of the issuer verifies the token", "get a new token from the identity provider, and send it unchanged"),
  algorithm_rejected: row(
    "the token is signed with an algorithm that is not accepted",
    "let the identity provider sign with RS256, PS256, ES256 or EdDSA",
  ),
  unknown_key: row("the issuer has no key of that id", "get a new token; if that does not help, check which issuer and jwks_uri are configured"),
  issuer_mismatch: row(
    "the token is of another issuer",
    "get the token from a configured issuer, or set auth.oidc.issuer or auth.oidc.additional_issuers",
  ),
  audience_mismatch: row(
    "the token is for another audience",
    "request a token for this API, or set auth.oidc.audience; an ID token is for the client, so send the access token",
  ),
  unsigned_rejected: row(
    "unsigned tokens are not accepted here",
    "send a signed token; on this machine auth.allow_unsigned_jwt set to true lets unsigned ones pass",
  ),
  id_token_rejected: row("this is an ID token", "send the access token"),
  bearer_not_configured: row(
    "no issuer is configured whose keys could verify the token",
    "set auth.oidc.issuer, or send the principal headers from a trusted peer",
  ),
  subject_reserved: row(
    "the token names everybody, a service or a group",
    "issue tokens for persons, or set auth.oidc.subject_claim to another claim",
  ),
  subject_domain: row(
    "the issuer does not vouch for the domain of the name in the token",
    "add the domain to this issuer's email_domains, or set its subject_claim to a claim that is no address",
  ),
  principal_header_rejected: row("the principal headers are not believed from here", "log in and send the token, or list the peer in trusted_peers"),
  idp_unavailable: row(
    "the identity provider cannot be asked for its keys",
    "try again; check that the issuer and its jwks_uri can be reached from here",
    "ERR_IDP_UNAVAILABLE",
  ),
  too_many_groups: row(
    "the credentials hold more than 100 groups",
    "send only groups that hold role bindings; identity providers can filter the claim",
    "ERR_INPUT_INVALID",
  ),
  principal_mismatch: row("the token and the principal headers name different principals", "send one of them", "ERR_INPUT_INVALID"),
} as const satisfies Readonly<Record<string, AuthenticationReasonRow>>

/** One of {@link authenticationReasons}. */
export type AuthenticationReason = keyof typeof authenticationReasons

/**
 * The error for one reason.
 *
 * @param what was wrong, without anything of the token; default: what the table says
 * @param remedy default: what the table says
 * @param more what was thrown before; and for programs, what is configured and was due, never what the token says
 */
export function refused(reason: AuthenticationReason, what?: string, remedy?: string, more: RefusedMore = {}): PdpError {
  const { code, meaning, remedy: usual } = authenticationReasons[reason]
  const { cause, ...details } = more
  return new PdpError(code, `${what ?? meaning}; ${remedy ?? usual}`, {
    reason,
    ...(cause !== undefined && { cause }),
    ...(Object.keys(details).length > 0 && { details }),
  })
}

/** What goes with a refusal. The members but `cause` stand in the body of the answer. */
export interface RefusedMore {
  readonly cause?: unknown
  /** With `audience_mismatch`: the audience that a token must have. */
  readonly expected_audience?: string
  /** With `issuer_mismatch`: the issuers whose tokens are accepted. */
  readonly expected_issuers?: readonly string[]
}

function row(meaning: string, remedy: string, code: PdpErrorCode = "ERR_UNAUTHENTICATED"): AuthenticationReasonRow {
  return { code, meaning, remedy }
}
