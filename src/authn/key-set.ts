import { messageOf, PdpError } from "../errors.js"
import { getJson } from "../outgoing/index.js"
import type { Issuer } from "./issuer.js"
import type { AuthenticationSettings } from "./options.js"
import { idpUnavailable, providerMetadata } from "./provider-metadata.js"
import { refused } from "./reasons.js"
import { verificationKeys, type SignedWith, type VerificationKeys } from "./verification-keys.js"

/** The keys of one issuer, kept up to date. */
export interface KeySet {
  /**
   * Verifies the signature of a token.
   *
   * @returns the {@link generation} of the keys that did
   * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `unknown_key`, `algorithm_rejected` or `signature_invalid`; `ERR_IDP_UNAVAILABLE` with
   * reason `idp_unavailable` when the keys cannot be had
   */
  readonly verify: (token: string, signedWith: SignedWith) => Promise<number>
  /** Asks for keys that are due. @returns what to wait for before old keys may be believed; undefined when they may */
  readonly refreshDue: () => Promise<void> | undefined
  /** Another number after every change of the keys. */
  readonly generation: () => number
  readonly status: () => IssuerStatus
}

/** What is known of an issuer. */
export interface IssuerStatus {
  readonly issuer: string
  /** Keys that can verify; 0 before they are known. */
  readonly keys: number
  /** Of the keys, in seconds. */
  readonly ageSeconds?: number
  /** Why it could not be asked the last time. */
  readonly lastError?: string
}

/**
 * The keys are asked for in the background when they are older than 80 % of `jwksCacheSeconds`, and before anything else when older than that;
 * also when no known key verifies a token. The issuer is asked once per `jwksCooldownSeconds` at most. What cannot be replaced stays valid.
 */
export function keySet(issuer: Issuer, settings: AuthenticationSettings): KeySet {
  const { jwksCacheSeconds, jwksCooldownSeconds, hooks, onProblem, onRecovery } = settings
  const fetchKeys = keyFetcher(issuer, settings)
  let known: KnownKeys | undefined
  let failed: PdpError | undefined
  let attemptedAt = -Infinity
  let running: Promise<void> | undefined

  /** In seconds; a clock that was set back makes everything old. */
  const elapsed = (since: number): number => (hooks.now() < since ? Infinity : (hooks.now() - since) / 1_000)
  const isCooling = (): boolean => elapsed(attemptedAt) < jwksCooldownSeconds

  const attempt = async (): Promise<void> => {
    try {
      const keys = await fetchKeys(failed !== undefined)
      const generation = known?.generation ?? 0
      known = { keys, at: hooks.now(), generation: keys.digest === known?.keys.digest ? generation : generation + 1 }
      if (failed) onRecovery(issuer.issuer)
      failed = undefined
    } catch (thrown) {
      failed = idpUnavailable(issuer.issuer, thrown)
      if (failed !== thrown) onProblem({ issuer: issuer.issuer, error: failed })
    } finally {
      attemptedAt = hooks.now()
      running = undefined
    }
  }
  const refresh = (): Promise<void> => (running ??= attempt())
  const refreshUnlessCooling = (): Promise<void> | undefined => (running || !isCooling() ? refresh() : undefined)

  const refreshDue = (): Promise<void> | undefined => {
    const age = known ? elapsed(known.at) : Infinity
    if (age < jwksCacheSeconds * backgroundShare) return undefined
    const hasFailedLately = failed !== undefined && elapsed(attemptedAt) < Math.max(jwksCooldownSeconds, patienceSeconds)
    const refreshed = refreshUnlessCooling()
    return age < jwksCacheSeconds || (known && hasFailedLately) ? undefined : refreshed
  }

  return {
    async verify(token, signedWith) {
      await refreshDue()
      let tried = known
      let outcome = await tried?.keys.verify(token, signedWith)
      if (tried && outcome !== "verified") await refreshUnlessCooling()
      if (outcome !== "verified" && tried?.generation !== known?.generation) {
        tried = known
        outcome = await tried?.keys.verify(token, signedWith)
      }
      if (tried && outcome === "verified") return tried.generation
      throw notVerified(issuer, outcome, { keys: tried?.keys, failed, keyId: signedWith.keyId })
    },
    refreshDue,
    generation: () => known?.generation ?? 0,
    status: () => ({
      issuer: issuer.issuer,
      keys: known?.keys.size ?? 0,
      ...(known && { ageSeconds: Math.max(0, (hooks.now() - known.at) / 1_000) }),
      ...(failed && { lastError: messageOf(failed) }),
    }),
  }
}

const backgroundShare = 0.8
/** After a failure this recent nobody waits for the next attempt, while there are old keys. */
const patienceSeconds = 60

interface KnownKeys {
  readonly keys: VerificationKeys
  readonly at: number
  readonly generation: number
}

interface Outlook {
  readonly keys: VerificationKeys | undefined
  readonly failed: PdpError | undefined
  readonly keyId: string | undefined
}

function notVerified({ issuer }: Issuer, outcome: "verified" | "not_verified" | "no_key" | undefined, { keys, failed, keyId }: Outlook): PdpError {
  if (outcome === "not_verified") return refused("signature_invalid", `no key of the issuer '${issuer}' verifies the token`)
  if (outcome === "no_key" && keyId !== undefined && keys?.has(keyId))
    return refused("algorithm_rejected", "the key of the token is for another algorithm")
  if (failed) return refused("idp_unavailable", `the identity provider '${issuer}' cannot be asked for its keys`, undefined, failed)
  return refused("unknown_key", `the issuer '${issuer}' has no key of the token's key id and algorithm`)
}

/** @returns asks for the keys; after a failure also for where they are */
function keyFetcher({ issuer, jwksUri }: Issuer, settings: AuthenticationSettings): (afterFailure: boolean) => Promise<VerificationKeys> {
  const { allowedHosts, jwksCacheSeconds, jwksCooldownSeconds, hooks, onProblem } = settings
  const { resolve, timers } = hooks
  const cacheSeconds = jwksCacheSeconds * backgroundShare
  const metadata = providerMetadata({ issuer, allowedHosts, cacheSeconds, cooldownSeconds: jwksCooldownSeconds, onProblem, hooks })
  return async (afterFailure) => {
    const url = jwksUri ?? (await metadata.read(afterFailure ? 0 : cacheSeconds)).jwks_uri
    if (url === undefined) throw new PdpError("ERR_IDP_UNAVAILABLE", "its discovery document names no jwks_uri; set auth.oidc.jwks_uri")
    const { json } = await getJson({ url, allowedHosts, resolve, timers })
    return verificationKeys(json)
  }
}
