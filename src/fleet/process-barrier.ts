import { parseRevision } from "../model/revision.js"
import type { Timers } from "../model/timers.js"
import { includes } from "./fleet-member.js"
import type { KnownProcess, ProcessRegister } from "./process-register.js"

/** How far a revision has come among the processes of a database. */
export interface ProcessReach {
  /** How many others are alive. */
  readonly waitedFor: number
  /** Those of them that have not said that they decide on it. */
  readonly missing: readonly KnownProcess[]
  /** The database does not say who there is. */
  readonly isUnknown: boolean
}

/** Waits until all live processes on a database have noted there that they decide on a revision or a later one, or time is up. */
export type ProcessBarrier = (revision: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<ProcessReach>

/** What {@link processBarrier} needs. */
export interface ProcessBarrierOptions {
  readonly others: ProcessRegister["others"]
  /** The database could not be asked. Must not throw. */
  readonly onProblem: (thrown: unknown) => void
  readonly timers: Timers
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

/** A barrier across the processes on one database. However many wait, the database is asked one question at a time. Lost processes are not waited for. */
export function processBarrier({ others, onProblem, timers, now }: ProcessBarrierOptions): ProcessBarrier {
  let asking: Promise<readonly KnownProcess[]> | undefined
  const ask = (): Promise<readonly KnownProcess[]> => (asking ??= others().finally(() => (asking = undefined)))
  const look = async (revision: string): Promise<ProcessReach> => {
    try {
      const live = (await ask()).filter(({ isLost }) => !isLost)
      return { waitedFor: live.length, missing: live.filter((one) => !decidesOn(one, revision)), isUnknown: false }
    } catch (thrown) {
      onProblem(thrown)
      return { waitedFor: 0, missing: [], isUnknown: true }
    }
  }
  return async (revision, { timeoutMs, signal }) => {
    const end = now() + timeoutMs
    for (;;) {
      const reach = await look(revision)
      const leftMs = end - now()
      if (reach.isUnknown || reach.missing.length === 0 || leftMs <= 0 || signal.aborted) return reach
      await pause(Math.min(lookMs, leftMs), signal, timers)
    }
  }
}

/** They note what they run two seconds after it has changed. */
const lookMs = 250

function decidesOn({ ready, revision }: KnownProcess, wanted: string): boolean {
  return ready && revision !== undefined && includes(parseRevision(revision), wanted)
}

function pause(ms: number, signal: AbortSignal, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener("abort", end)
      resolve()
    }
    const cancel = timers.after(ms, end)
    signal.addEventListener("abort", end)
  })
}
