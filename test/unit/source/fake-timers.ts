import type { Timers } from "../../../src/model/timers.js"

interface Alarm {
  readonly dueMs: number
  readonly run: () => void
}

/** Timers whose time passes only when told. */
export class FakeTimers implements Timers {
  #nowMs = 0
  readonly #alarms = new Set<Alarm>()

  after(ms: number, run: () => void): () => void {
    const alarm = { dueMs: this.#nowMs + ms, run }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  /** In how many milliseconds each alarm is due, soonest first. */
  pending(): readonly number[] {
    return Array.from(this.#alarms, ({ dueMs }) => dueMs - this.#nowMs).sort((a, b) => a - b)
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const alarm of this.#alarms) {
      if (alarm.dueMs > this.#nowMs) continue
      this.#alarms.delete(alarm)
      alarm.run()
    }
  }
}
