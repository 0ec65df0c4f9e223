import type { Question } from "./question.js"
import type { UpstreamView } from "./upstream-view.js"

/** A path that is known to be closed to somebody. */
export interface Guarded {
  readonly as: Question["as"]
  /** Canonical, with or without query. */
  readonly path: string
  /** A path that is open to the same caller. */
  readonly lure: string
}

/** What the upstream saw of a request to which nothing was added. */
export interface Baseline {
  readonly as: Question["as"]
  readonly path: string
  readonly view: UpstreamView
}

/** What the controls have shown, on which everything else rests. */
export interface Stage {
  /** Empty when nothing is closed, or nobody can tell. */
  readonly guarded: readonly Guarded[]
  /** Empty without an echo route. */
  readonly baselines: readonly Baseline[]
  /** A path that the token may read; absent when there is none, or no token. */
  readonly allowed?: string
  /** Whose name is worth having: that of the token where it is known. */
  readonly principal: string
}
