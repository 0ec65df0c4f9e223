import type { PdpEvents, SourceStatus } from "./pdp.js"

/** Remembers how the refresh of one source fares. */
export interface SourceHealth {
  readonly name: string
  /** @returns how often it had failed before, and for how long; undefined when it had not */
  succeeded(): Recovery | undefined
  failed(error: Error): void
  /** Learns when the source has answered last, before this process began. */
  answeredAt(ms: number): void
  /** Milliseconds since the epoch; undefined before the first. */
  lastSuccess(): number | undefined
  /** Why it fails; undefined while it does not. */
  lastFailure(): string | undefined
  status(): SourceStatus
}

/** What a refresh recovers from. */
export type Recovery = Pick<PdpEvents["refreshRecovery"], "failures" | "failedForMs">

/** @param now milliseconds since the epoch */
export function sourceHealth(name: string, now: () => number = Date.now): SourceHealth {
  let lastSuccess: number | undefined
  let failing: { readonly since: number; readonly attempts: number; readonly message: string } | undefined
  return {
    name,
    succeeded: () => {
      const recovery = failing && { failures: failing.attempts, failedForMs: now() - failing.since }
      lastSuccess = now()
      failing = undefined
      return recovery
    },
    failed: (error) => {
      failing = { since: failing?.since ?? now(), attempts: (failing?.attempts ?? 0) + 1, message: error.message }
    },
    answeredAt: (ms) => {
      lastSuccess ??= ms
    },
    lastSuccess: () => lastSuccess,
    lastFailure: () => failing?.message,
    status: () => ({
      name,
      ...(lastSuccess !== undefined && { lastSuccess: new Date(lastSuccess).toISOString(), ageSeconds: Math.max(0, (now() - lastSuccess) / 1000) }),
      ...(failing && { failing: { ...failing, since: new Date(failing.since).toISOString() } }),
    }),
  }
}
