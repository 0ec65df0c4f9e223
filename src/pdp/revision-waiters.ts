import { PdpError } from "../errors.js"
import { formatRevision, parseRevision, type Revision } from "../model/revision.js"

/** Callers that wait until decisions reflect a revision. */
export interface RevisionWaiters {
  /** See `Pdp.atLeast`. */
  wait(revision: string, options?: WaitOptions): Promise<void>
  /** Wakes those whose revision has come, and those who wait for one of another epoch. */
  reached(current: Revision): void
  /** Rejects all with `ERR_CLOSED`. */
  close(): void
}

/** How long to wait. */
export interface WaitOptions {
  /** Default 10,000; at most 2,147,483,647, which is what a timer can count. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

const maxWaiters = 1_000
/** Beyond it, a timer of Node ends at once. */
const maxTimeoutMs = 2 ** 31 - 1
const defaultTimeoutMs = 10_000

/** @param current the revision that decides now */
export function revisionWaiters(current: () => Revision): RevisionWaiters {
  const waiting = new Map<symbol, { readonly wanted: Revision; readonly settle: (error?: PdpError) => void }>()
  let closed = false

  const wait = async (text: string, { timeoutMs = defaultTimeoutMs, signal }: WaitOptions = {}): Promise<void> => {
    if (!(timeoutMs >= 0 && timeoutMs <= maxTimeoutMs))
      throw new PdpError("ERR_INPUT_INVALID", `timeoutMs is ${String(timeoutMs)}; pass milliseconds, from 0 to ${maxTimeoutMs}`)
    const wanted = parseRevision(text)
    const now = current()
    if (closed) throw new PdpError("ERR_CLOSED", "the PDP is closed")
    if (wanted.epoch !== now.epoch) throw unknownEpoch(text, now)
    if (wanted.sequence <= now.sequence) return
    if (waiting.size >= maxWaiters) throw new PdpError("ERR_OVERLOADED", `${maxWaiters} callers wait for a revision already; try again in a second`)
    await new Promise<void>((resolve, reject) => {
      const key = Symbol(text)
      const timeout = (): PdpError =>
        new PdpError(
          "ERR_REVISION_TIMEOUT",
          `revision '${text}' was not reached within ${timeoutMs} ms; this PDP decides on '${formatRevision(current())}'`,
        )
      const settle = (error?: PdpError): void => {
        waiting.delete(key)
        clearTimeout(timer)
        signal?.removeEventListener("abort", onAbort)
        if (error) reject(error)
        else resolve()
      }
      const onAbort = (): void => settle(timeout())
      const timer = setTimeout(onAbort, timeoutMs)
      waiting.set(key, { wanted, settle })
      if (signal?.aborted) onAbort()
      else signal?.addEventListener("abort", onAbort)
    })
  }
  const reached = (now: Revision): void => {
    for (const { wanted, settle } of [...waiting.values()]) {
      if (wanted.epoch !== now.epoch) settle(unknownEpoch(formatRevision(wanted), now))
      else if (wanted.sequence <= now.sequence) settle()
    }
  }
  const close = (): void => {
    closed = true
    for (const waiter of [...waiting.values()]) waiter.settle(new PdpError("ERR_CLOSED", "the PDP was closed while a caller waited for a revision"))
  }
  return { wait, reached, close }
}

function unknownEpoch(text: string, now: Revision): PdpError {
  return new PdpError(
    "ERR_REVISION_UNKNOWN_EPOCH",
    `revision '${text}' is of another epoch than '${formatRevision(now)}'; ask for the revision again`,
  )
}
