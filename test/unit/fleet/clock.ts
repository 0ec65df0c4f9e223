import type { Timers } from "../../../src/model/timers.js"

/** A clock that tests move, with timers on it. */
export function testClock() {
  let at = 0
  const due = new Set<{ readonly at: number; readonly run: () => void }>()
  const timers: Timers = {
    after(ms, run) {
      const one = { at: at + ms, run }
      due.add(one)
      return () => void due.delete(one)
    },
  }
  return {
    now: () => at,
    timers,
    /** How many timers run. */
    running: () => due.size,
    advance(ms: number) {
      const end = at + ms
      for (;;) {
        const [next] = [...due].filter((one) => one.at <= end).toSorted((left, right) => left.at - right.at)
        if (!next) break
        due.delete(next)
        at = Math.max(at, next.at)
        next.run()
      }
      at = end
    },
  }
}
