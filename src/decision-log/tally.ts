import { messageOf } from "../errors.js"

/**
 * Why an event is not in a log. `filtered`, `sampled` and `duplicate` are meant; `queue_full`: decisions came faster than they could be written;
 * `mask_failed`, `invalid`: it could not be made, or a chunk in a spool is damaged; `sink_full`: a sink was too slow or away for too long; `spool_full` the same of a spool;
 * `too_large`: one event over the size of an upload; `refused`: the server does not take it (400, 422); `closed`: the process ended.
 */
export const dropCauses = [
  "queue_full",
  "filtered",
  "sampled",
  "duplicate",
  "mask_failed",
  "invalid",
  "sink_full",
  "spool_full",
  "too_large",
  "refused",
  "closed",
] as const

/** One of {@link dropCauses}. */
export type DropCause = (typeof dropCauses)[number]

/** How a decision log fares. Cheap to ask; for metrics and `/status`. */
export interface DecisionLogStatus {
  /** Decisions that were noted, and events that others sent. */
  readonly recorded: number
  readonly received: number
  /** What waits to become an event. */
  readonly queued: Amount
  /** Events that no sink has got, by cause. */
  readonly dropped: Readonly<Record<DropCause, number>>
  /** Denials without reasons, because too much was to do. */
  readonly unexplained: number
  readonly sinks: readonly SinkStatus[]
}

/** Events, and about how many bytes they take. */
export interface Amount {
  readonly events: number
  readonly bytes: number
}

/** How one sink fares. */
export interface SinkStatus {
  readonly name: string
  readonly written: number
  readonly queued: Amount
  /** Of these, what has been made ready for an upload, compressed: in the spool on disk, or in memory without one. Absent: this sink has none. */
  readonly spooled?: Amount
  /** Events that this sink has not got, by cause. */
  readonly dropped: Readonly<Record<DropCause, number>>
  /** Attempts that failed. */
  readonly failures: number
  /** Present while it fails: what is wrong. */
  readonly failing?: string
}

/** Counts what is lost, and why. */
export interface Tally {
  dropped(cause: DropCause, events: number): void
  failed(thrown: unknown): void
  succeeded(): void
  counts(): Readonly<Record<DropCause, number>>
  failures(): Pick<SinkStatus, "failures" | "failing">
}

/** Nothing counted yet. */
export function tally(): Tally {
  const counts = { ...nothing }
  let failures = 0
  let failing: string | undefined
  return {
    dropped: (cause, events) => void (counts[cause] += events),
    failed: (thrown) => {
      failures++
      failing = messageOf(thrown)
    },
    succeeded: () => {
      failing = undefined
    },
    counts: () => ({ ...counts }),
    failures: () => ({ failures, ...(failing !== undefined && { failing }) }),
  }
}

const nothing: Record<DropCause, number> = {
  queue_full: 0,
  filtered: 0,
  sampled: 0,
  duplicate: 0,
  mask_failed: 0,
  invalid: 0,
  sink_full: 0,
  spool_full: 0,
  too_large: 0,
  refused: 0,
  closed: 0,
}
