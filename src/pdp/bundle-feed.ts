import type { JsonObject, VerificationOptions } from "../bundle/index.js"
import type { Timers } from "../model/timers.js"

/**
 * Where a PDP's bundle comes from: `httpBundle`, `fileBundle`. Any failure rejects `read` with a `PdpError` naming the place and the remedy, and the
 * PDP keeps the bundle that it has.
 */
export interface BundleFeed {
  /** For status and logs. Holds no secrets. */
  readonly name: string
  /** Pause between two looks, in seconds, ±10 %. */
  readonly pollSeconds: number
  /** The first pause after a failure, in ms, where the place itself tells of news. Default 100. */
  readonly firstRetryMs?: number
  /** Whose signature a bundle must have. Absent: it must be unsigned. */
  readonly verify?: VerificationOptions
  /** Most bytes of a bundle, as it travels and once it is inflated. */
  readonly maxBytes: number
  /** Keeps the last good bundle as it came: it decides when the place does not answer at the start. */
  readonly persistFile?: string
  /** Where, and as whom, the state is reported to. */
  readonly reports?: BundleReports
  /**
   * It is always a policy of somebody's own, whose data may be edited, too; what was edited lasts until the next bundle. Default: data is that of the bundle.
   */
  readonly takesEdits?: boolean
  readonly surroundings: Surroundings
  /** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  read(question: BundleQuestion): Promise<BundleAnswer>
  /** How long a question can be held back there until there is news, in ms; 0: not at all. */
  waitMs(): number
  /** Calls back when there may be news. @returns stops it */
  subscribe?(onNews: () => void): () => void
}

/** Clock, chance and alarm. */
export interface Surroundings {
  readonly timers: Timers
  /** From 0 to below 1. */
  readonly random: () => number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Asks for another bundle than the one that decides. */
export interface BundleQuestion {
  /** The tag of the bundle that decides. */
  readonly have?: string | undefined
  /** What leads there from that bundle would do, too: a delta. Default: it would not. */
  readonly takesDelta?: boolean
  /** How long the answer may be held back until there is news, in ms; 0: not at all. */
  readonly waitMs: number
  /** Ends it. */
  readonly signal: AbortSignal
}

/** What a {@link BundleFeed} answers. */
export type BundleAnswer = { readonly kind: "unchanged" } | PackedBundle

/** A bundle as it came, or a delta. */
export interface PackedBundle {
  readonly kind: "bundle"
  /** A gzipped tar. */
  readonly bytes: Uint8Array
  /** To be asked with the next time; absent when the place has none. */
  readonly tag?: string | undefined
  /** Data beside that of the bundle. */
  readonly data?: JsonObject | undefined
  /** What its policy was compiled from, by file name. Default: the Rego in the bundle, where OPA leaves the compiled rules out. */
  readonly rego?: ReadonlyMap<string, string> | undefined
}

/** Reports in OPA's format. */
export interface BundleReports {
  /** The name of the bundle in them. */
  readonly bundle: string
  readonly labels: Readonly<Record<string, string>>
  /** For messages. */
  readonly place: string
  /** Posts one. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  post(report: object, signal: AbortSignal): Promise<void>
}
