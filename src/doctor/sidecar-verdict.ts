import type { Token } from "../authn/index.js"
import type { Acceptance, Refused } from "./acceptance.js"
import type { Check, Finding } from "./finding.js"
import { audienceMismatch, issuerMismatch } from "./mismatch.js"

/** Where a token came from: a stored login can be refreshed. */
export type TokenSource = "login" | "PORTCULLIS_TOKEN" | "flag"

/** Findings about a token once more, by what the sidecar says of it: which audience and issuers it wants, and which keys it still knows. */
export function withVerdict(
  findings: readonly Finding[],
  { refusal, caller }: Partial<Acceptance>,
  token: Token | undefined,
  source: TokenSource,
): readonly Finding[] {
  const told = refusal && token ? mismatch(refusal, token) : undefined
  return findings.map((finding) => {
    if (told && finding.check === told.check && finding.ok === null) return told
    if (caller && finding.check === ("signature" satisfies Check) && finding.detail.startsWith("unknown_key"))
      return { ...finding, detail: `${finding.detail}. The sidecar still knows this key, for at most jwks_cache_seconds` }
    return withoutRefresh(finding, source)
  })
}

/** What cannot be refreshed is not proposed to be. */
export function withoutRefresh(finding: Finding, source: TokenSource): Finding {
  if (source === "login" || !finding.detail.startsWith("token_expired")) return finding
  const remedy =
    source === "flag"
      ? "pass a new token, or log in with 'portcullis auth login'"
      : "set PORTCULLIS_TOKEN to a new token, or unset it and log in with 'portcullis auth login'"
  return { ...finding, remedy }
}

function mismatch({ code, expected_audience: audience, expected_issuers: issuers = [] }: Refused, { claims }: Token): Finding | undefined {
  if (code === "audience_mismatch") return audienceMismatch(claims.get("aud"), audience)
  if (code === "issuer_mismatch") return issuerMismatch(claims.get("iss"), issuers)
  return undefined
}
