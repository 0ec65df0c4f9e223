import {
  assertAccessToken,
  assertAlgorithm,
  assertAudience,
  assertInForce,
  authenticationReasons,
  parsedToken,
  type AuthenticationReason,
  type Issuer,
  type Token,
  type VerificationKeys,
} from "../authn/index.js"
import { failed, failedBy, listed, passed, quoted, unchecked, type Check, type Finding } from "./finding.js"
import { audienceMismatch, issuerMismatch } from "./mismatch.js"
import type { Rules } from "./rules.js"

/** A token, and what was found of it. */
export interface TokenProof {
  readonly findings: readonly Finding[]
  /** Undefined when it cannot be read. */
  readonly token?: Token
  /** Undefined when its issuer is not known. */
  readonly issuer?: Issuer
}

/** What a token is looked at with. */
export interface ProofMeans {
  /** Undefined: nothing is known of issuers. */
  readonly rules: Rules | undefined
  /** By issuer, as far as they could be had. */
  readonly keys: ReadonlyMap<string, VerificationKeys>
  readonly now: () => number
}

/** Is it an access token of a known issuer, for this API, in force and signed? In the order in which a sidecar names causes, kind and issuer first. */
export async function checkProof(text: string, means: ProofMeans): Promise<TokenProof> {
  const parsed = attempt(() => parsedToken(text))
  if ("problem" in parsed)
    return { findings: [failedBy("token", parsed.problem), ...followers.map((check) => unchecked(check, "the token cannot be read"))] }
  const token = parsed.value
  const kind = kindFinding(token, means.rules)
  if (!means.rules) return { findings: [kind, ...followers.map((check) => unchecked(check, "no issuer is known"))], token }
  const { rules } = means
  const issuer = issuerOf(token, rules)
  const isUnsigned = token.algorithm === "none"
  const findings = [
    kind,
    isUnsigned ? unchecked("issuer", unsigned) : issuerFinding(token, rules),
    isUnsigned ? unchecked("audience", unsigned) : audienceFinding(token, issuer, rules),
    expiryFinding(token, rules, means.now),
    isUnsigned ? unchecked("signature", unsigned) : await signatureFinding(token, issuer, means),
  ]
  return { findings, token, ...(issuer && { issuer }) }
}

const followers: readonly Check[] = ["issuer", "audience", "expiry", "signature"]
const unsigned = "the token is unsigned"

/** The issuer that a token names, when it is a known one. */
function issuerOf({ claims }: Token, { issuers }: Rules): Issuer | undefined {
  const named = claims.get("iss")
  return typeof named === "string" ? issuers.get(named) : undefined
}

function kindFinding(token: Token, rules: Rules | undefined): Finding {
  const kind = attempt(() => assertAccessToken(token))
  if ("problem" in kind) return failedBy("token", kind.problem)
  if (token.algorithm !== "none") return passed("token", "it is a signed JWT, and no ID token")
  if (rules?.allowUnsignedJwt) return passed("token", "it is an unsigned JWT, and auth.allow_unsigned_jwt lets callers on this machine send such")
  return refused("token", "unsigned_rejected")
}

function issuerFinding(token: Token, rules: Rules): Finding {
  const named = token.claims.get("iss")
  const known = [...rules.issuers.keys()]
  if (issuerOf(token, rules)) return passed("issuer", `it is ${quoted(named)}`)
  if (known.length === 0) return refused("issuer", "bearer_not_configured")
  const found = issuerMismatch(named, known)
  if (rules.from === "configuration" || found.detail.includes("They differ")) return found
  return unchecked("issuer", `iss is ${quoted(named)}, known is ${listed(known)}, and only the configuration knows further issuers`, byConfig)
}

function audienceFinding(token: Token, issuer: Issuer | undefined, rules: Rules): Finding {
  const named = token.claims.get("aud")
  if (!issuer) return unchecked("audience", "see issuer")
  const outcome = attempt(() => assertAudience(token, issuer))
  if (!("problem" in outcome)) return passed("audience", `it is for ${quoted(issuer.audience)}`)
  if (rules.from === "configuration") return audienceMismatch(named, issuer.audience)
  return unchecked("audience", `aud is ${quoted(named)}, and only the configuration knows which one is due`, byConfig)
}

const byConfig = "name it with --config"

function expiryFinding({ claims }: Token, { leewaySeconds }: Rules, now: () => number): Finding {
  const outcome = attempt(() => assertInForce(claims, { leewaySeconds, now }))
  const seconds = Math.round(Number(claims.get("exp")) - now() / 1_000)
  if (!("problem" in outcome))
    return passed("expiry", seconds < 0 ? `it expired ${-seconds} s ago, which the leeway lets pass` : `it expires in ${span(seconds)}`)
  const { detail, ...finding } = failedBy("expiry", outcome.problem)
  return { ...finding, detail: Number.isFinite(seconds) && seconds < 0 ? `${detail}, ${span(-seconds)} ago` : detail }
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

async function signatureFinding(token: Token, issuer: Issuer | undefined, { keys }: ProofMeans): Promise<Finding> {
  const accepted = attempt(() => assertAlgorithm(token))
  if ("problem" in accepted) return failedBy("signature", accepted.problem)
  if (!issuer) return unchecked("signature", "see issuer")
  const found = keys.get(issuer.issuer)
  if (!found) return unchecked("signature", "see keys")
  const { keyId } = token
  const outcome = await found.verify(token.text, token)
  if (outcome === "verified") return passed("signature", `a key of the issuer verifies it (${token.algorithm})`)
  if (outcome === "not_verified") return refused("signature", "signature_invalid")
  if (keyId !== undefined && found.has(keyId))
    return refused("signature", "algorithm_rejected", `the key of the token is not for ${quoted(token.algorithm)}`)
  return refused("signature", "unknown_key", `the issuer has no key ${quoted(keyId ?? "")} for ${quoted(token.algorithm)}`)
}

/** A cause that a sidecar would name, too. */
function refused(check: Check, reason: AuthenticationReason, what: string = authenticationReasons[reason].meaning): Finding {
  return failed(check, `${reason}: ${what}`, authenticationReasons[reason].remedy)
}

function attempt<Value>(work: () => Value): { readonly value: Value } | { readonly problem: unknown } {
  try {
    return { value: work() }
  } catch (problem) {
    return { problem }
  }
}
