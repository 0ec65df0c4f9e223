import type { Caller } from "./caller.js"
import { principalOfClaims } from "./claims.js"
import type { Issuer } from "./issuer.js"
import { keySet, type IssuerStatus, type KeySet } from "./key-set.js"
import type { AuthenticationSettings } from "./options.js"
import { refused } from "./reasons.js"
import type { Token } from "./token.js"
import { assertInForce } from "./token-times.js"
import type { OnWait } from "./waiting-room.js"

/** A token that is proven, and how long that holds. */
export interface VerifiedToken {
  readonly caller: Caller
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** The keys that proved it. */
  readonly keys: KeySet
  /** Of those keys. */
  readonly generation: number
}

/** Verifies signed tokens. */
export interface TokenVerifier {
  /**
   * The issuer that the token names is looked for first, and only its keys are tried. The cause named is the first in this order: algorithm,
   * issuer, signature, times, audience, kind of token, name.
   *
   * @throws {PdpError} `ERR_UNAUTHENTICATED`, `ERR_INPUT_INVALID` or `ERR_IDP_UNAVAILABLE` with a reason
   */
  readonly verify: (token: Token, onWait?: OnWait) => Promise<VerifiedToken>
  readonly issuers: () => readonly IssuerStatus[]
  /** Asks issuers for keys that are due. Never rejects. */
  readonly fetchKeys: () => Promise<void>
}

/** Verifies tokens of these issuers, each with keys of its own. */
export function tokenVerifier(issuers: ReadonlyMap<string, Issuer>, settings: AuthenticationSettings): TokenVerifier {
  const { leewaySeconds, hooks } = settings
  const keySets = new Map([...issuers].map(([name, issuer]) => [name, { issuer, keys: keySet(issuer, settings) }]))
  return {
    async verify(token, onWait) {
      assertAlgorithm(token)
      if (keySets.size === 0) throw refused("bearer_not_configured")
      const { issuer, keys } = knownIssuer(keySets, token)
      const generation = await keys.verify(token.text, token, onWait)
      const expiresAt = assertInForce(token.claims, { leewaySeconds, now: hooks.now })
      assertAudience(token, issuer)
      assertAccessToken(token)
      return { caller: frozen({ ...principalOfClaims(token.claims, issuer), proof: "verified_token" }), expiresAt, keys, generation }
    },
    issuers: () => [...keySets.values()].map(({ keys }) => keys.status()),
    fetchKeys: async () => void (await Promise.all([...keySets.values()].map(async ({ keys }) => keys.fetchDue()))),
  }
}

type Issuers = ReadonlyMap<string, { readonly issuer: Issuer; readonly keys: KeySet }>

/** Signatures that anybody can make (`none`, and HMAC with a public key) are not among them. @see https://www.rfc-editor.org/rfc/rfc8725 */
const algorithms = new Set("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" "))
const accessTokenTypes = new Set(["jwt", "at+jwt", "application/at+jwt"])

/** Its algorithm is one that proves something. @throws {PdpError} reason `algorithm_rejected` */
export function assertAlgorithm({ algorithm }: Token): void {
  if (!algorithms.has(algorithm)) throw refused("algorithm_rejected", undefined, `accepted are ${[...algorithms].join(", ")}`)
}

function knownIssuer(issuers: Issuers, { claims }: Token): { readonly issuer: Issuer; readonly keys: KeySet } {
  const named = claims.get("iss")
  const known = typeof named === "string" ? issuers.get(named) : undefined
  if (known) return known
  const expected = [...issuers.keys()]
  const what = `the token is of no issuer that is configured here (${expected.join(", ")}), compared character by character`
  throw refused("issuer_mismatch", what, undefined, { expected_issuers: expected })
}

/** It is for this API. @throws {PdpError} reason `audience_mismatch` */
export function assertAudience({ claims }: Token, { audience }: Issuer): void {
  const named = claims.get("aud")
  if (named === audience || (Array.isArray(named) && named.includes(audience))) return
  throw refused("audience_mismatch", `the token is not for the audience '${audience}'`, undefined, { expected_audience: audience })
}

/**
 * It is no ID token.
 *
 * @throws {PdpError} reason `id_token_rejected`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken and https://www.rfc-editor.org/rfc/rfc9068#section-2.1
 */
export function assertAccessToken({ claims, type }: Token): void {
  const isIdToken = claims.has("nonce") || claims.has("at_hash")
  if (isIdToken || (type !== undefined && !accessTokenTypes.has(type.toLowerCase()))) throw refused("id_token_rejected")
}

/** Remembered callers are given out again and again. */
function frozen(caller: Caller): Caller {
  const { principal, dropped } = caller
  for (const part of [principal.groups, principal.scopes, principal, dropped]) Object.freeze(part)
  return Object.freeze(caller)
}
