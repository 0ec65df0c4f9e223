import type { Caller } from "./caller.js"
import type { Issuer } from "./issuer.js"
import type { IssuerStatus } from "./key-set.js"
import type { AuthenticationSettings } from "./options.js"
import type { Trust } from "./peer.js"
import { refused } from "./reasons.js"
import { parsedToken } from "./token.js"
import { tokenCache } from "./token-cache.js"
import { unsignedPrincipal } from "./unsigned-token.js"
import { tokenVerifier } from "./verified-token.js"
import type { OnWait } from "./waiting-room.js"

/** Reads bearer tokens. */
export interface TokenReader {
  /** Whom the token names. @throws {PdpError} with the reason when it is not believed */
  readonly read: (token: string, trust: Trust, onWait?: OnWait) => Promise<Caller>
  readonly issuers: () => readonly IssuerStatus[]
  /** Asks issuers for keys that are due. Never rejects. */
  readonly fetchKeys: () => Promise<void>
}

/** Signed tokens are verified, and remembered; unsigned ones of trusted peers are read where they are allowed. */
export function tokenReader(issuers: ReadonlyMap<string, Issuer>, settings: AuthenticationSettings): TokenReader {
  const { hooks, leewaySeconds, tokenCacheEntries } = settings
  const verifier = tokenVerifier(issuers, settings)
  const cache = tokenCache(tokenCacheEntries, hooks.now)
  return {
    async read(text, trust, onWait) {
      const known = await cache.caller(text, onWait)
      if (known) return known
      const token = parsedToken(text)
      if (token.algorithm === "none") {
        assertUnsignedAllowed(settings, trust)
        return { ...unsignedPrincipal(token, { leewaySeconds, now: hooks.now }), proof: "unsigned_token" }
      }
      const verified = await verifier.verify(token, onWait)
      cache.add(text, verified)
      return verified.caller
    },
    issuers: verifier.issuers,
    fetchKeys: verifier.fetchKeys,
  }
}

function assertUnsignedAllowed({ allowUnsignedJwt }: AuthenticationSettings, trust: Trust): void {
  if (!allowUnsignedJwt) throw refused("unsigned_rejected")
  if (trust !== "none") return
  const what = "unsigned tokens are believed only from trusted peers, and from this machine not when a proxy passed the request on"
  throw refused("unsigned_rejected", what, "call without a proxy in between, or list the peer in trusted_peers")
}
