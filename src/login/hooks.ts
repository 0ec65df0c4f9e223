import type { Timers } from "../model/timers.js"
import type { ResolveHost } from "../outgoing/index.js"

/** What tests replace, and callers may shorten or end. */
export interface LoginHooks {
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** For one answer, complete. Default 30,000. */
  readonly timeoutMs?: number
  /** Default as the operating system does it. */
  readonly resolve?: ResolveHost
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
  /** Ends what is under way, with its own reason. */
  readonly signal?: AbortSignal
}
