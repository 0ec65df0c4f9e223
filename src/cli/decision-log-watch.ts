import type { DecisionLog, DecisionLogStatus, DropCause, SinkStatus } from "../decision-log/index.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import type { Logger } from "../telemetry/index.js"

/**
 * Logs when a sink of a decision log begins to fail, and when it works again; and what was lost since the last look. It looks every second, and ten seconds
 * after it has had something to say.
 *
 * @returns stops it, after a last look
 */
export function logDecisionLog(log: Pick<DecisionLog, "status">, logger: Logger, timers: Timers = unrefTimers): () => void {
  let before = log.status()
  /** @returns whether there was something to say */
  const look = (): boolean => {
    const now = log.status()
    const changed = now.sinks.map((sink, at) => logSink(sink, before.sinks[at], logger))
    const lost = lostBetween(before, now)
    const isLoss = Object.keys(lost).length > 0
    if (isLoss) logger.warn({ lost }, "decisions are missing in the decision log; docs/http.md says what each cause means")
    before = now
    return isLoss || changed.includes(true)
  }
  let cancel = (): void => undefined
  const lookIn = (ms: number): void => {
    cancel = timers.after(ms, () => lookIn(look() ? restMs : lookMs))
  }
  lookIn(lookMs)
  return () => {
    cancel()
    look()
  }
}

const lookMs = 1_000
const restMs = 10_000

/** @returns whether it fails now and did not before, or the other way about */
function logSink({ name, failing, queued, failures }: SinkStatus, before: SinkStatus | undefined, logger: Logger): boolean {
  if ((failing === undefined) === (before?.failing === undefined)) return false
  if (failing !== undefined)
    logger.warn({ sink: name, reason: failing, failures, waiting: queued.events }, "a sink of the decision log fails; events wait for it")
  else logger.info({ sink: name }, "the sink of the decision log works again")
  return true
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
