/** A refusal of authentication in the words of this library: its options instead of the sidecar's configuration, and no commands of the sidecar's. */
export function inOptionNames(message: string): string {
  return message.replace(anyWording, (wording) => wordings.get(wording) ?? wording)
}

const wordings: ReadonlyMap<string, string> = new Map([
  ["auth.oidc.issuer or auth.oidc.additional_issuers", "authentication.issuers"],
  ["auth.oidc.issuer", "authentication.issuers"],
  ["auth.oidc.audience", "authentication.issuers[].audience"],
  ["auth.oidc.groups_claim: roles", "authentication.issuers[].groupsClaim: roles"],
  ["auth.oidc.subject_claim", "authentication.issuers[].subjectClaim"],
  ["auth.oidc.jwks_uri", "authentication.issuers[].jwksUri"],
  ["auth.allow_unsigned_jwt", "authentication.allowUnsignedJwt"],
  ["trusted_peers", "peers.trustedPeers"],
  ["email_domains", "emailDomains"],
  ["subject_claim", "subjectClaim"],
  ["jwks_uri", "jwksUri"],
  ["log in with 'portcullis auth login' and send the token", "get an access token from the identity provider, and send it"],
  ["log in again with 'portcullis auth login', or run 'portcullis auth refresh'", "get a new one from the identity provider"],
])

/** The longest first, because some hold others. */
const anyWording = new RegExp(
  [...wordings.keys()]
    .sort((one, other) => other.length - one.length)
    .map((wording) => wording.replaceAll(".", "\\."))
    .join("|"),
  "g",
)
