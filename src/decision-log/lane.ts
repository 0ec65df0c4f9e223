import type { Timers } from "../model/timers.js"
import { backoffMs } from "./backoff.js"
import { ring } from "./ring.js"
import type { Sink } from "./sink.js"
import { dropCauses, tally, type DropCause, type SinkStatus } from "./tally.js"

/** The queue before one sink. What happens to the sink stays here. */
export interface Lane {
  push(text: string): void
  status(): SinkStatus
  /** Lets the sink write what waits, until `signal` aborts; then counts the rest. */
  close(signal: AbortSignal): Promise<void>
}

/** Bounds of what waits, beside the batch that is being written, and surroundings of a {@link lane}. */
export interface LaneOptions {
  readonly events: number
  readonly bytes: number
  readonly timers: Timers
  readonly random: () => number
}

/** Puts a bounded queue before a sink. */
export function lane(sink: Sink, { events, bytes, timers, random }: LaneOptions): Lane {
  const waiting = ring<{ readonly text: string; readonly bytes: number }>({ items: events, bytes })
  const counted = tally()
  let written = 0
  let failures = 0
  /** Being written, or to be tried again. */
  let batch: readonly string[] = []
  let batchBytes = 0
  let running: Promise<void> | undefined
  let wake: (() => void) | undefined
  let isClosing = false
  let isOver = false

  const nextBatch = (): void => {
    const texts: string[] = []
    for (batchBytes = 0; texts.length < batchEvents && batchBytes < mostBatchBytes;) {
      const next = waiting.take()
      if (!next) break
      texts.push(next.text)
      batchBytes += next.bytes
    }
    batch = texts
  }
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = timers.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  const run = async (): Promise<void> => {
    for (;;) {
      if (batch.length === 0) nextBatch()
      if (batch.length === 0 || isOver) return
      try {
        await sink.write(batch)
        if (isOver) return
        written += batch.length
        failures = batchBytes = 0
        batch = []
        counted.succeeded()
      } catch (thrown) {
        counted.failed(thrown)
        failures++
        if (isOver) return
        await pause(backoffMs(failures, isClosing ? closingRetryMs : mostRetryMs, random))
      }
    }
  }
  const start = (): void => {
    running ??= run().finally(() => {
      running = undefined
      if (waiting.size > 0 && !isOver) start()
    })
  }

  return {
    push(text) {
      if (isOver) return counted.dropped("closed", 1)
      const dropped = waiting.push({ text, bytes: text.length * 2 + slotBytes })
      if (dropped > 0) counted.dropped("sink_full", dropped)
      start()
    },
    status: () => statusOf(sink, { written, waiting, batch, batchBytes, dropped: counted.counts(), ...counted.failures() }),
    async close(signal) {
      isClosing = true
      wake?.()
      const ending = aborted(signal)
      while ((running !== undefined || waiting.size > 0) && !signal.aborted) {
        start()
        await Promise.race([running, ending])
      }
      isOver = true
      wake?.()
      const left = batch.length + waiting.size
      if (left > 0) counted.dropped("closed", left)
      await Promise.race([sink.close(signal), ending.then(() => new Promise<void>((resolve) => timers.after(leavingMs, resolve)))])
    },
  }
}

const batchEvents = 1_000
const mostBatchBytes = 512 * 1024
const slotBytes = 64
const mostRetryMs = 10_000
const closingRetryMs = 100
/** For a sink to count what it leaves. */
const leavingMs = 100

interface LaneFacts extends Pick<SinkStatus, "written" | "dropped" | "failures" | "failing"> {
  readonly waiting: { readonly size: number; readonly bytes: number }
  readonly batch: readonly string[]
  readonly batchBytes: number
}

/** Events are written once the sink does not hold them any more. */
function statusOf(sink: Sink, { written, waiting, batch, batchBytes, dropped, failures, failing }: LaneFacts): SinkStatus {
  const held = sink.held?.()
  const says = failing ?? held?.failing
  return {
    name: sink.name,
    written: held ? held.written : written,
    queued: { events: waiting.size + batch.length + (held?.events ?? 0), bytes: waiting.bytes + batchBytes + (held?.bytes ?? 0) },
    ...(held?.spooled && { spooled: held.spooled }),
    dropped: held ? summed(dropped, held.dropped) : dropped,
    failures: failures + (held?.failures ?? 0),
    ...(says !== undefined && { failing: says }),
  }
}

function summed(one: Readonly<Record<DropCause, number>>, other: Readonly<Record<DropCause, number>>): Readonly<Record<DropCause, number>> {
  const sum = tally()
  for (const cause of dropCauses) sum.dropped(cause, one[cause] + other[cause])
  return sum.counts()
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })
}
