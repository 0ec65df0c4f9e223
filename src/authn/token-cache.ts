import { hash } from "node:crypto"
import type { Caller } from "./caller.js"
import type { VerifiedToken } from "./verified-token.js"
import type { OnWait } from "./waiting-room.js"

/** Remembers tokens that are verified; neither the tokens themselves, nor those that were refused. */
export interface TokenCache {
  /** Whom the token names; undefined when it must be verified. */
  readonly caller: (token: string, onWait?: OnWait) => Promise<Caller | undefined> | Caller | undefined
  readonly add: (token: string, verified: VerifiedToken) => void
}

/**
 * An entry holds until its token expires, and as long as the keys of its issuer stay the same. The oldest make room for new ones.
 *
 * @param mostEntries 0: none
 * @param now milliseconds since the epoch
 */
export function tokenCache(mostEntries: number, now: () => number): TokenCache {
  const entries = new Map<string, VerifiedToken>()

  const current = (digest: string): Caller | undefined => {
    const entry = entries.get(digest)
    if (!entry) return undefined
    if (now() < entry.expiresAt && entry.keys.generation() === entry.generation) return entry.caller
    entries.delete(digest)
    return undefined
  }

  return {
    caller(token, onWait) {
      const digest = digestOf(token)
      const refreshed = entries.get(digest)?.keys.refreshDue(onWait)
      return refreshed ? refreshed.then(() => current(digest)) : current(digest)
    },
    add(token, verified) {
      if (mostEntries === 0) return
      const digest = digestOf(token)
      entries.delete(digest)
      entries.set(digest, verified)
      if (entries.size <= mostEntries) return
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
  }
}

function digestOf(token: string): string {
  return hash("sha256", token, "base64")
}
