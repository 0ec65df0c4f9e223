import { createHash, timingSafeEqual } from "node:crypto"

/** What a bundle token can be for: fetching bundles, reporting status, sending decision logs, asking for decisions. */
export const tokenUses = ["bundle", "status", "logs", "pdp"] as const
/** One of {@link tokenUses}. */
export type TokenUse = (typeof tokenUses)[number]

/** Whoever shows a bundle token. */
export interface FleetToken {
  readonly name: string
  readonly allow: ReadonlySet<TokenUse>
  /** The bundles that it is for; undefined: all. */
  readonly bundles: ReadonlySet<string> | undefined
}

/** A token with what it is compared to. */
export interface TokenEntry extends FleetToken {
  /** Of each value that is valid now; asked at each look-up, so that values can be exchanged. */
  readonly digests: () => readonly Uint8Array[]
}

/**
 * Looks tokens up. Every entry is compared, in constant time, by its digest: how long it takes says nothing.
 *
 * @returns finds who shows a value; undefined for a value that nobody has
 */
export function tokenTable(entries: readonly TokenEntry[]): (value: string) => FleetToken | undefined {
  return (value) => {
    if (entries.length === 0) return undefined
    const digest = tokenDigest(value)
    let found: FleetToken | undefined
    for (const entry of entries) for (const known of entry.digests()) if (timingSafeEqual(known, digest)) found = entry
    return found
  }
}

/** What is kept of a token: its SHA-256. */
export function tokenDigest(value: string): Uint8Array {
  return createHash("sha256").update(value).digest()
}
