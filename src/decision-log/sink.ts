import type { Amount, DropCause } from "./tally.js"

/** Where events go. Implemented by {@link consoleSink}, {@link fileSink} and {@link httpSink}, or by a host. */
export interface Sink {
  /** For status and metrics. */
  readonly name: string
  /**
   * Takes events, each one JSON text without a line end. Not called again before it has ended, however long that takes: a slow sink makes its own
   * queue full and no other's. When it rejects, none of them was taken: they are tried again, and the oldest are dropped when the queue is full.
   */
  write(events: readonly string[]): Promise<void>
  /** Writes out what it holds. @param signal aborts when it must end */
  close(signal: AbortSignal): Promise<void>
  /** What it holds itself beyond `write`, and lost. Absent: nothing. */
  readonly held?: () => SinkHolding
}

/** What a sink holds itself. */
export interface SinkHolding extends Amount {
  /** Of these, what is ready for an upload. */
  readonly spooled?: Amount
  readonly written: number
  readonly dropped: Readonly<Record<DropCause, number>>
  readonly failures: number
  readonly failing?: string
}
