import type { DecisionLog, DecisionLogStatus, DropCause, SinkStatus } from "../decision-log/index.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import type { Logger } from "../telemetry/index.js"

/**
 * Logs when a sink of a decision log begins to fail, and when it works again; and what was lost since the last look, every ten seconds.
 *
 * @returns stops it, after a last look
 */
export function logDecisionLog(log: Pick<DecisionLog, "status">, logger: Logger, timers: Timers = unrefTimers): () => void {
  let before = log.status()
  const look = (): void => {
    const now = log.status()
    for (const [at, sink] of now.sinks.entries()) logSink(sink, before.sinks[at], logger)
    const lost = lostBetween(before, now)
    if (Object.keys(lost).length > 0) logger.warn({ lost }, "decisions are missing in the decision log; docs/http.md says what each cause means")
    before = now
  }
  let cancel = (): void => undefined
  const next = (): void => {
    cancel = timers.after(lookMs, () => {
      look()
      next()
    })
  }
  next()
  return () => {
    cancel()
    look()
  }
}

const lookMs = 10_000

function logSink({ name, failing, queued, failures }: SinkStatus, before: SinkStatus | undefined, logger: Logger): void {
  if (failing !== undefined && before?.failing === undefined)
    logger.warn({ sink: name, reason: failing, failures, waiting: queued.events }, "a sink of the decision log fails; events wait for it")
  if (failing === undefined && before?.failing !== undefined) logger.info({ sink: name }, "the sink of the decision log works again")
}

/** Events by cause, without those that are left out on purpose. */
function lostBetween(before: DecisionLogStatus, now: DecisionLogStatus): Readonly<Partial<Record<DropCause, number>>> {
  const causes = lossCauses.map((cause): readonly [DropCause, number] => [cause, dropsOf(now, cause) - dropsOf(before, cause)])
  return Object.fromEntries(causes.filter(([, events]) => events > 0))
}

function dropsOf({ dropped, sinks }: DecisionLogStatus, cause: DropCause): number {
  return sinks.reduce((sum, sink) => sum + sink.dropped[cause], dropped[cause])
}

const lossCauses: readonly DropCause[] = ["queue_full", "mask_failed", "invalid", "sink_full", "spool_full", "too_large", "refused", "closed"]
