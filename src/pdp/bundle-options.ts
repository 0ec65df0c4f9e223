import type { DecisionLog } from "../decision-log/index.js"
import type { BundleFeed } from "./bundle-feed.js"
import type { DecisionCacheOptions } from "./decision-cache.js"
import type { Profile } from "./pdp.js"

/**
 * Options of `createPdp` for a bundle: one that Portcullis builds for OPAs (its data decides by the product's policies), or any with policies compiled
 * to WASM.
 */
export interface BundlePdpOptions extends BundleDeciding {
  /** Where it comes from: `httpBundle`, `fileBundle`. */
  readonly bundle: BundleFeed
  /** Keeps decisions by the product's policies until the next change. Default: none are kept. */
  readonly cache?: DecisionCacheOptions
  /** When there was no good look at the bundle's place for so long, in seconds, decisions throw `ERR_PDP_STALE`. Default: the last good bundle decides for ever. */
  readonly maxStalenessSeconds?: number
  /** Where decisions are noted. Not closed with the PDP: close it first. Default: nowhere. */
  readonly decisionLog?: Pick<DecisionLog, "recorder"> | undefined
}

/** How a bundle decides. */
export interface BundleDeciding {
  /** The profile that Portcullis' own bundles must be of. Default `hardened`. */
  readonly profile?: Profile
  /** Entrypoints that compiled policies must have. Default: none in particular. */
  readonly entrypoints?: readonly string[]
  /** Builtins for compiled policies beside those that there are, by OPA name. */
  readonly builtins?: Readonly<Record<string, (...args: never[]) => unknown>>
  /** Ceiling of the memory of each module, in MiB. Default 256. */
  readonly memoryLimitMb?: number
}
