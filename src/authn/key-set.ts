import { messageOf, PdpError } from "../errors.js"
import { getJson } from "../outgoing/index.js"
import type { Issuer } from "./issuer.js"
import type { AuthenticationSettings, IssuerProblem } from "./options.js"
import { idpUnavailable, providerMetadata } from "./provider-metadata.js"
import { refused } from "./reasons.js"
import { verificationKeys, type SignedWith, type VerificationKeys } from "./verification-keys.js"
import { waitingRoom, type OnWait } from "./waiting-room.js"

/** The keys of one issuer, kept up to date. */
export interface KeySet {
  /**
   * Verifies the signature of a token.
   *
   * @returns the {@link generation} of the keys that did
   * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `unknown_key`, `algorithm_rejected` or `signature_invalid`; `ERR_IDP_UNAVAILABLE` with
   * reason `idp_unavailable` when the keys cannot be had, or as many wait for them as may
   */
  readonly verify: (token: string, signedWith: SignedWith, onWait?: OnWait) => Promise<number>
  /** Asks for keys that are due. @returns what to wait for before old keys may be believed, which never fails; undefined when they may */
  readonly refreshDue: (onWait?: OnWait) => Promise<void> | undefined
  /** Asks for keys that are due, and waits for them however many do. Never rejects. */
  readonly fetchDue: () => Promise<void>
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
 * also when no known key verifies a token. The issuer is asked once per `jwksCooldownSeconds` at most. What cannot be replaced stays valid: known keys
 * that are old serve on when no answer comes within a second, and while 100 tokens wait for one.
 */
export function keySet(issuer: Issuer, settings: AuthenticationSettings): KeySet {
  const { jwksCacheSeconds, jwksCooldownSeconds, hooks, onProblem, onRecovery } = settings
  const room = waitingRoom(mostWaiting)
  let known: KnownKeys | undefined
  let failed: PdpError | undefined
  let attemptedAt = -Infinity
  let running: Promise<void> | undefined
  let patience: Promise<void> | undefined
  let isTold = false
  const tell = (problem: IssuerProblem): void => {
    isTold = true
    onProblem({ ...problem, hasKnown: known !== undefined })
  }
  const fetchKeys = keyFetcher(issuer, { ...settings, onProblem: tell })

  /** In seconds; a clock that was set back makes everything old. */
  const elapsed = (since: number): number => (hooks.now() < since ? Infinity : (hooks.now() - since) / 1_000)
  const age = (): number => (known ? elapsed(known.at) : Infinity)
  const isCooling = (): boolean => elapsed(attemptedAt) < jwksCooldownSeconds

  const attempt = async (): Promise<void> => {
    const wasTold = isTold
    isTold = false
    try {
      const keys = await fetchKeys(failed !== undefined)
      const generation = known?.generation ?? 0
      known = { keys, at: hooks.now(), generation: keys.digest === known?.keys.digest ? generation : generation + 1 }
      if (wasTold && !isTold) onRecovery(issuer.issuer)
      failed = undefined
    } catch (thrown) {
      failed = idpUnavailable(issuer.issuer, thrown)
      if (failed !== thrown) tell({ issuer: issuer.issuer, error: failed })
      isTold = true
    } finally {
      attemptedAt = hooks.now()
      running = patience = undefined
    }
  }
  const refresh = (): Promise<void> => {
    if (running) return running
    patience = new Promise((resolve) => hooks.timers.after(patienceMs, resolve))
    return (running = attempt())
  }
  const refreshUnlessCooling = (): Promise<void> | undefined => (running || !isCooling() ? refresh() : undefined)

  const isDue = (): boolean => age() >= jwksCacheSeconds * backgroundShare
  const refreshDue = (onWait?: OnWait): Promise<void> | undefined => {
    if (!isDue()) return undefined
    const hasFailedLately = failed !== undefined && elapsed(attemptedAt) < Math.max(jwksCooldownSeconds, leniencySeconds)
    const refreshed = refreshUnlessCooling()
    if (!known || !refreshed || !patience || age() < jwksCacheSeconds || hasFailedLately) return undefined
    return room.wait(Promise.race([refreshed, patience]), onWait)
  }
  const waitFor = async (refreshed: Promise<void> | undefined, onWait?: OnWait): Promise<void> => {
    if (refreshed) await (room.wait(refreshed, onWait) ?? Promise.reject(tooManyWait(issuer)))
  }

  return {
    async verify(token, signedWith, onWait) {
      await refreshDue(onWait)
      if (!known) await waitFor(refreshUnlessCooling(), onWait)
      let tried = known
      let outcome = await tried?.keys.verify(token, signedWith)
      if (tried && outcome !== "verified") await waitFor(refreshUnlessCooling(), onWait)
      if (outcome !== "verified" && tried?.generation !== known?.generation) {
        tried = known
        outcome = await tried?.keys.verify(token, signedWith)
      }
      if (tried && outcome === "verified") return tried.generation
      throw notVerified(issuer, outcome, { keys: tried?.keys, failed, keyId: signedWith.keyId })
    },
    refreshDue,
    fetchDue: async () => (isDue() ? refreshUnlessCooling() : undefined),
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
/** Tokens that wait for the keys of one issuer. */
const mostWaiting = 100
/** For so long from its beginning an attempt is waited for while there are old keys. */
const patienceMs = 1_000
/** After a failure this recent nobody waits for the next attempt, while there are old keys. */
const leniencySeconds = 60

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

function tooManyWait({ issuer }: Issuer): PdpError {
  return refused("idp_unavailable", `${mostWaiting} tokens wait for the keys of the identity provider '${issuer}' already`)
}

function notVerified({ issuer }: Issuer, outcome: "verified" | "not_verified" | "no_key" | undefined, { keys, failed, keyId }: Outlook): PdpError {
  if (outcome === "not_verified") return refused("signature_invalid", `no key of the issuer '${issuer}' verifies the token`)
  if (outcome === "no_key" && keyId !== undefined && keys?.has(keyId))
    return refused("algorithm_rejected", "the key of the token is for another algorithm")
  if (failed) return refused("idp_unavailable", `the identity provider '${issuer}' cannot be asked for its keys`, undefined, { cause: failed })
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
