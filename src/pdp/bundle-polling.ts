import { messageOf, PdpError } from "../errors.js"
import type { BundleFeed } from "./bundle-feed.js"

/** What {@link startBundlePolling} does with a bundle's place. */
export interface BundlePollingOptions {
  readonly feed: Pick<BundleFeed, "pollSeconds" | "firstRetryMs" | "waitMs" | "surroundings" | "subscribe">
  /** Looks once, and takes what is new. @param waitMs how long the place may hold the question back */
  readonly look: (waitMs: number, signal: AbortSignal) => Promise<"news" | "unchanged">
  /** Like `failed`, must not throw. */
  readonly succeeded: () => void
  readonly failed: (failure: { readonly error: Error; readonly attempt: number; readonly retryInMs: number }) => void
}

/** Polling that goes on until it is stopped. */
export interface BundlePolling {
  /** Looks now, and does not let itself be held back. Rejects when that failed. */
  now(): Promise<void>
  /** Ends what is under way and waits for its end. */
  stop(): Promise<void>
}

/**
 * Looks every `pollSeconds`, ±10 %; where questions are held back, at once after each answer. After a failure the pause is 100 ms (`firstRetryMs`), 1.6 times as long after
 * each further one, up to `pollSeconds`; the same when a place that should hold questions back answers at once
 * that nothing is new, and, up to a second, when it does so again and again with something new. The first look is `now`.
 */
export function startBundlePolling({ feed, look, succeeded, failed }: BundlePollingOptions): BundlePolling {
  const { timers, random, now } = feed.surroundings
  let flight: Flight | undefined
  let asked: Promise<void> | undefined
  let failures = 0
  let hasty = 0
  let rushed = 0
  let stopped = false
  let cancelTimer = (): void => undefined
  const unsubscribe = feed.subscribe?.(() => inBackground(lookNow()))

  const backoffMs = (times: number): number =>
    Math.min(feed.pollSeconds * 1_000, (feed.firstRetryMs ?? firstPauseMs) * pauseGrowth ** (times - 1)) * jitter()
  const jitter = (): number => 0.9 + 0.2 * random()
  const wakeIn = (ms: number): void => {
    cancelTimer = timers.after(Math.round(ms), () => inBackground(takeOff(true)))
  }
  const pauseAfter = (outcome: "news" | "unchanged", waitMs: number, tookMs: number): number => {
    if (feed.waitMs() === 0) return feed.pollSeconds * 1_000 * jitter()
    const isHasty = waitMs > 0 && outcome === "unchanged" && tookMs < waitMs * 0.8
    hasty = isHasty ? hasty + 1 : 0
    rushed = outcome === "news" && tookMs < rushMs ? rushed + 1 : isHasty ? rushed : 0
    if (isHasty) return backoffMs(hasty)
    return rushed > freeRushes ? Math.min(backoffMs(rushed - freeRushes), longestRushPauseMs) : 0
  }
  const fly = async (waitMs: number, signal: AbortSignal): Promise<void> => {
    const startedAt = now()
    try {
      const outcome = await look(waitMs, signal)
      if (stopped) throw closed()
      failures = 0
      wakeIn(pauseAfter(outcome, waitMs, now() - startedAt))
    } catch (thrown) {
      if (stopped) throw closed()
      // Somebody wants an answer now, and asks again.
      if (signal.aborted) return
      const error = thrown instanceof Error ? thrown : new PdpError("ERR_SOURCE_UNAVAILABLE", messageOf(thrown), { cause: thrown })
      const retryInMs = Math.round(backoffMs(++failures))
      wakeIn(retryInMs)
      failed({ error, attempt: failures, retryInMs })
      throw error
    }
    succeeded()
  }
  const takeOff = (mayWait: boolean): Promise<void> => {
    cancelTimer()
    const ending = new AbortController()
    const landed = fly(mayWait ? feed.waitMs() : 0, ending.signal)
    const mine: Flight = { ending, mayWait, settled: Promise.allSettled([landed]).then(() => undefined) }
    flight = mine
    void mine.settled.then(() => {
      if (flight === mine) flight = undefined
    })
    return landed
  }
  const lookNow = (): Promise<void> => {
    if (stopped) return Promise.reject(closed())
    if (!flight) return takeOff(false)
    if (flight.mayWait) flight.ending.abort()
    return (asked ??= flight.settled.then(() => {
      asked = undefined
      return stopped ? Promise.reject(closed()) : takeOff(false)
    }))
  }

  return {
    now: lookNow,
    stop: async () => {
      stopped = true
      cancelTimer()
      unsubscribe?.()
      flight?.ending.abort()
      await Promise.allSettled([flight?.settled, asked])
    },
  }
}

interface Flight {
  readonly ending: AbortController
  readonly mayWait: boolean
  readonly settled: Promise<void>
}

const firstPauseMs = 100
/** News after less than that, so often in a row, is more than a place that is well has to tell. */
const rushMs = 200
const freeRushes = 10
const longestRushPauseMs = 1_000
const pauseGrowth = 1.6

/** Failures have been reported by then; nobody waits for them here. */
function inBackground(look: Promise<void>): void {
  look.catch(() => undefined)
}

function closed(): PdpError {
  return new PdpError("ERR_CLOSED", "the PDP is closed")
}
