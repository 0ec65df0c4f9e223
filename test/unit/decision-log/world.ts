import { setImmediate as nextTurn } from "node:timers/promises"
import { createDecisionLog, type DecisionLog, type DecisionLogOptions, type LoggedPolicy, type Sink } from "../../../src/decision-log/index.js"
import type { Timers } from "../../../src/model/timers.js"

/** Timers that run when the test says so. */
export interface ManualTimers extends Timers {
  /** Runs what is due in `ms` from now, with a turn of the event loop after each. */
  advance(ms: number): Promise<void>
  readonly pending: number
}

export function manualTimers(): ManualTimers {
  let now = 0
  let waiting: { at: number; run: () => void }[] = []
  return {
    after(ms, run) {
      const entry = { at: now + ms, run }
      waiting.push(entry)
      return () => {
        waiting = waiting.filter((one) => one !== entry)
      }
    },
    async advance(ms) {
      const until = now + ms
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= until).toSorted((one, other) => one.at - other.at)
        if (!next) break
        waiting = waiting.filter((one) => one !== next)
        now = Math.max(now, next.at)
        next.run()
        await nextTurn()
      }
      now = until
    },
    get pending() {
      return waiting.length
    },
  }
}

/** A sink that keeps what it gets. */
export function keepingSink(name = "kept"): Sink & { readonly lines: string[]; readonly events: () => readonly Record<string, unknown>[] } {
  const lines: string[] = []
  return {
    name,
    lines,
    events: () => lines.map((line): Record<string, unknown> => JSON.parse(line)),
    write: async (texts) => void lines.push(...texts),
    close: async () => undefined,
  }
}

/** A policy that explains every denial the same way. */
export const policy: LoggedPolicy = {
  explain: () => ({ allowed: false, reasons: ["role_missing"], endpoint: "/workspaces/{workspace}/models" }),
  evaluate: (entrypoint) => (entrypoint === "authz/explain" ? { allowed: false, reasons: ["unknown_path"] } : undefined),
  revision: () => "0a0b0c0d.7",
}

export const question = {
  principal: { id: "ann@example.com", groups: ["ml"], scopes: ["platform:read"] },
  method: "GET",
  path: "/workspaces/ml/models?token=s3cret",
}

export const denied = { path: "authz/allow", allowed: false, revision: "0a0b0c0d.7", startedAt: 10 }
export const allowed = { ...denied, allowed: true }

/** A log at a clock that stands still, into one sink. */
export function logWorld(options: Partial<DecisionLogOptions> = {}): {
  readonly log: DecisionLog
  readonly sink: ReturnType<typeof keepingSink>
  readonly timers: ManualTimers
} {
  const sink = keepingSink()
  const timers = manualTimers()
  let ids = 0
  const hooks = {
    timers,
    clock: () => 12.5,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    random: () => 0.5,
    newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
  }
  return { log: createDecisionLog({ sinks: [sink], hooks, ...options }), sink, timers }
}
