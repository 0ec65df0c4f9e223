import type { DecisionLog } from "../decision-log/index.js"
import type { Source } from "../source/index.js"
import type { DecisionCacheOptions } from "./decision-cache.js"
import type { Profile } from "./pdp.js"

/** Options of `createPdp` for the product's policies. */
export interface PdpOptions {
  /**
   * Roles and endpoints: paths of YAML or JSON files (watched), objects, or several of both, merged. Default: the built-in document.
   * A reference document may bring `principals`; they are the bindings when there is no `source`.
   */
  readonly authorizationData?: string | object | readonly (string | object)[]
  /** Where role bindings come from. Closed with the PDP. Default: what the authorization data brings. */
  readonly source?: Source
  /** Default `hardened`. */
  readonly profile?: Profile
  /** Pause between refreshes, in seconds, ±10 %; sources that push make it a safety net. Default 30. */
  readonly refreshSeconds?: number
  /** What a presented scope set means (`docs/policy.md`). Default `strict`. */
  readonly scopes?: "strict" | "lenient" | "off"
  /** Keeps decisions until the next change. Default: none are kept. */
  readonly cache?: DecisionCacheOptions
  /** Ceiling of the policy's memory, in MiB. Default 256. */
  readonly memoryLimitMb?: number
  /**
   * When the source has not answered for so long, in seconds, decisions throw `ERR_PDP_STALE`; it is asked at least three times in that time.
   * Default: the last good state decides for ever.
   */
  readonly maxStalenessSeconds?: number
  /** A file that keeps the last known bindings; they decide when the source does not answer at the start. One for each process. Default: none. */
  readonly snapshotFile?: string
  /** The pause between two writes of it, in seconds; the first comes soon, the last when the PDP is closed. Default 60. */
  readonly snapshotSeconds?: number
  /** Whose other spellings `explain` points out: the e-mail address of the first PlatformAdmin. */
  readonly adminEmail?: string
  /** Where decisions are noted. Not closed with the PDP: close it first. Default: nowhere. */
  readonly decisionLog?: Pick<DecisionLog, "recorder"> | undefined
  /** Milliseconds since the epoch, for expiry and ages. Default `Date.now`. */
  readonly now?: () => number
}

/** Options of `createPdp` for a policy of your own: any module that OPA compiled to WASM. */
export interface CustomPdpOptions {
  readonly policy: {
    /** The module: its bytes, or the path of a `.wasm` file. */
    readonly wasm: Uint8Array | string
    /** The `data` document. Default `{}`. */
    readonly data?: unknown
    /** Builtins beside those of the opa-wasm package, by OPA name. */
    readonly builtins?: Readonly<Record<string, (...args: never[]) => unknown>>
  }
  readonly memoryLimitMb?: number
  /** Where decisions are noted. Not closed with the PDP: close it first. Default: nowhere. */
  readonly decisionLog?: Pick<DecisionLog, "recorder"> | undefined
}
