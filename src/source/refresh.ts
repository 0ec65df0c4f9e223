import { messageOf, PdpError } from "../errors.js"
import { unrefTimers, type Timers } from "../model/timers.js"

/** Options of {@link startRefresh}. */
export interface RefreshOptions {
  /** Asks for news once and applies them; rejects when that failed. Never runs twice at a time. */
  readonly refresh: (signal: AbortSignal) => Promise<void>
  /** Calls back when there may be news. @returns stops it */
  readonly subscribe?: ((onNews: () => void) => () => void) | undefined
  /** Pause after a success, in seconds, ±10 %. More than 0, at most 2,000,000. */
  readonly intervalSeconds: number
  /** Like `onFailure`, must not throw. */
  readonly onSuccess?: () => void
  readonly onFailure?: (failure: RefreshFailure) => void
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
}

/** One refresh that failed. */
export interface RefreshFailure {
  readonly error: Error
  /** 1 for the first failure since the last success. */
  readonly attempt: number
  /** When the next one is due, in milliseconds. */
  readonly retryInMs: number
}

/** A refresh that goes on until it is stopped. */
export interface Refresh {
  /**
   * Refreshes now; resolves when that is done, rejects when it failed. Calls join each other. One that comes while a refresh is under way
   * gets the one after it, since what the caller means may have come too late for the first.
   */
  refreshNow(): Promise<void>
  /** Aborts what is under way and waits for its end. Whoever still waits gets `ERR_CLOSED`. */
  stop(): Promise<void>
}

/**
 * Refreshes by timer, by push and on demand, one at a time. The first one is due after the interval: call `refreshNow` for an earlier one.
 * After a failure the pause is 1 second, doubled each time up to the interval (but at least 1 second), ±10 %.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the interval is out of range
 */
export function startRefresh(options: RefreshOptions): Refresh {
  const { intervalSeconds } = options
  if (!(intervalSeconds > 0 && intervalSeconds <= maxIntervalSeconds))
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `a refresh interval of ${intervalSeconds} seconds is out of range; choose one above 0 and up to ${maxIntervalSeconds}`,
    )
  return new RefreshLoop(options)
}

const maxIntervalSeconds = 2_000_000
const firstRetryMs = 1_000
const jitter = 0.1

class RefreshLoop implements Refresh {
  readonly #options: RefreshOptions
  readonly #timers: Timers
  readonly #random: () => number
  readonly #abort = new AbortController()
  readonly #unsubscribe: (() => void) | undefined
  #flight: Promise<void> | undefined
  #following: Promise<void> | undefined
  #attempts = 0
  #cancelTimer: () => void

  constructor(options: RefreshOptions) {
    this.#options = options
    this.#timers = options.timers ?? unrefTimers
    this.#random = options.random ?? Math.random
    this.#cancelTimer = this.#wakeIn(this.#jittered(options.intervalSeconds * 1_000))
    this.#unsubscribe = options.subscribe?.(() => this.#inBackground())
  }

  async refreshNow(): Promise<void> {
    if (this.#abort.signal.aborted) throw closed()
    if (!this.#flight) return this.#takeOff()
    const after = () => {
      this.#following = undefined
      return this.refreshNow()
    }
    return (this.#following ??= this.#flight.then(after, after))
  }

  async stop(): Promise<void> {
    this.#abort.abort(closed())
    this.#cancelTimer()
    this.#unsubscribe?.()
    await Promise.allSettled([this.#flight, this.#following])
  }

  #takeOff(): Promise<void> {
    this.#cancelTimer()
    const flight = Promise.resolve()
      .then(() => this.#fly())
      .finally(() => (this.#flight = undefined))
    this.#flight = flight
    return flight
  }

  async #fly(): Promise<void> {
    try {
      await this.#options.refresh(this.#abort.signal)
    } catch (thrown) {
      throw this.#failed(thrown)
    }
    if (this.#abort.signal.aborted) throw closed()
    this.#attempts = 0
    this.#cancelTimer = this.#wakeIn(this.#jittered(this.#options.intervalSeconds * 1_000))
    this.#options.onSuccess?.()
  }

  #failed(thrown: unknown): Error {
    if (this.#abort.signal.aborted) return closed()
    const error = thrown instanceof Error ? thrown : new PdpError("ERR_SOURCE_UNAVAILABLE", messageOf(thrown), { cause: thrown })
    const attempt = ++this.#attempts
    const longestMs = Math.max(firstRetryMs, this.#options.intervalSeconds * 1_000)
    const retryInMs = this.#jittered(Math.min(firstRetryMs * 2 ** (attempt - 1), longestMs))
    this.#cancelTimer = this.#wakeIn(retryInMs)
    this.#options.onFailure?.({ error, attempt, retryInMs })
    return error
  }

  #wakeIn(ms: number): () => void {
    return this.#timers.after(ms, () => this.#inBackground())
  }

  /** Failures have been reported to `onFailure` by then; nobody waits for them here. */
  #inBackground(): void {
    if (!this.#abort.signal.aborted) this.refreshNow().catch(() => undefined)
  }

  #jittered(ms: number): number {
    return Math.round(ms * (1 - jitter + 2 * jitter * this.#random()))
  }
}

function closed(): PdpError {
  return new PdpError("ERR_CLOSED", "the refresh has been stopped; create a new PDP")
}
