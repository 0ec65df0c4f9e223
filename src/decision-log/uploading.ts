import type { Timers } from "../model/timers.js"
import { backoffMs } from "./backoff.js"
import { halvesOf } from "./chunk.js"
import type { Spool, Spooled } from "./spool.js"
import type { Tally } from "./tally.js"
import { upload, type UploadOptions, type UploadResult } from "./upload.js"

/** What {@link uploading} works with. */
export interface UploadingEffects {
  readonly upload: UploadOptions
  readonly mostDelayMs: number
  /** The server wants smaller chunks. */
  shrink(): void
  readonly counted: Tally
  readonly timers: Timers
  readonly random: () => number
}

/** Uploads what is in a spool, one chunk after the other. */
export interface Uploading {
  /** There is something. */
  soon(): void
  /** Uploads all at once; of what is on disk, no more after a failure. @param signal aborts when it must end */
  finish(signal: AbortSignal): Promise<void>
  /** Events that the server has taken. */
  taken(): number
}

/** @param kept what is to be uploaded */
export function uploading(kept: Spool, effects: UploadingEffects): Uploading {
  const { counted, timers, random } = effects
  const ending = new AbortController()
  let taken = 0
  let failures = 0
  let refusals = 0
  let running: Promise<void> | undefined
  let wake: (() => void) | undefined
  let isFinishing = false

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = timers.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  /** @returns the pause before the next upload */
  const settle = async (chunk: Spooled, result: UploadResult): Promise<number> => {
    if (result.kind === "taken") {
      taken += chunk.count
      failures = refusals = 0
      counted.succeeded()
      await kept.remove(chunk.id)
      return 0
    }
    if (result.kind === "too_large") {
      effects.shrink()
      const halves = await halvesOf(chunk).catch(counted.failed)
      if (!halves) counted.dropped("invalid", chunk.count)
      else if (halves.length === 0) counted.dropped("too_large", chunk.count)
      await kept.remove(chunk.id, halves ?? [])
      return 0
    }
    counted.failed(result.problem)
    failures++
    refusals = result.kind === "refused" ? refusals + 1 : 0
    if (refusals >= mostRefusals) {
      counted.dropped("refused", chunk.count)
      refusals = 0
      await kept.remove(chunk.id)
    }
    const asked = result.kind === "failed" ? (result.waitMs ?? 0) : 0
    return Math.max(backoffMs(failures, effects.mostDelayMs, random), Math.min(asked, effects.mostDelayMs))
  }
  const run = async (): Promise<void> => {
    for (let chunk = await kept.first(); chunk && !ending.signal.aborted; chunk = await kept.first()) {
      const result = await upload(effects.upload, chunk.bytes, ending.signal)
      if (ending.signal.aborted && result.kind === "failed") return
      const ms = await settle(chunk, result)
      if (ending.signal.aborted || (ms > 0 && isFinishing && kept.unsaved === 0)) return
      if (ms > 0) await pause(isFinishing ? Math.min(ms, finishingRetryMs) : ms)
    }
  }
  const start = (): Promise<void> =>
    (running ??= run()
      .catch(counted.failed)
      .finally(() => {
        running = undefined
      }))

  return {
    soon: () => void start(),
    async finish(signal) {
      isFinishing = true
      signal.addEventListener("abort", () => ending.abort(signal.reason), { once: true })
      if (signal.aborted) ending.abort(signal.reason)
      ending.signal.addEventListener("abort", () => wake?.(), { once: true })
      wake?.()
      await running
      await start()
      ending.abort()
    },
    taken: () => taken,
  }
}

const mostRefusals = 5
const finishingRetryMs = 200
