import { keptAlive, type Timers } from "../model/timers.js"

/** Options of {@link pacedWork}. */
export interface PacedWorkOptions {
  /** Does the work once, or nothing when there is none. Rejects when it failed; then it is tried again after the pause. */
  readonly work: (signal: AbortSignal) => Promise<void>
  /** Must not throw. */
  readonly failed: (thrown: unknown) => void
  /** From the first wish after a time of rest to the work. */
  readonly delayMs: number
  /** From the beginning of one piece of work to that of the next, at least. */
  readonly pauseMs: number
  /** How long the last piece of work may take when it is closed. */
  readonly closeMs: number
  readonly timers: Timers
}

/** Work that is wished for often and done now and then, one piece at a time. */
export interface PacedWork {
  /** There may be something to do. */
  wish(): void
  /** Does a last piece of work. Never rejects. */
  close(): Promise<void>
}

export function pacedWork(options: PacedWorkOptions): PacedWork {
  const { work, failed, delayMs, pauseMs, closeMs, timers } = options
  const abort = new AbortController()
  let wished = false
  let closed = false
  let flight: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined

  const tryOnce = async (): Promise<void> => {
    try {
      await work(abort.signal)
    } catch (thrown) {
      wished = true
      failed(thrown)
    }
  }
  const takeOff = (): void => {
    if (!wished || closed || flight || cancelTimer) return
    wished = false
    wakeIn(pauseMs)
    flight = tryOnce().finally(() => {
      flight = undefined
      takeOff()
    })
  }
  const wakeIn = (ms: number): void => {
    cancelTimer = timers.after(ms, () => {
      cancelTimer = undefined
      takeOff()
    })
  }
  const finish = async (): Promise<void> => {
    await flight
    if (!abort.signal.aborted) await tryOnce()
  }
  return {
    wish: () => {
      wished = true
      if (!closed && !flight && !cancelTimer) wakeIn(delayMs)
    },
    close: async () => {
      closed = true
      cancelTimer?.()
      let cancelDeadline = (): void => undefined
      const deadline = new Promise<void>((resolve) => {
        cancelDeadline = timers.after(closeMs, () => {
          abort.abort(new Error(`it was closed, and ${closeMs / 1_000} s were not enough`))
          resolve()
        })
      })
      await keptAlive(Promise.race([finish(), deadline]))
      cancelDeadline()
    },
  }
}
