/** How long one may be silent, from how it behaved. */
export interface Liveness {
  /** It was heard. @param waitMs it polls long, and may be silent for so long at least */
  heard(waitMs?: number): void
  /** A request of its begins to wait here, during which it is alive. @returns it waits no more; `hungUp`: because its connection is gone */
  held(): (end: "answered" | "hungUp") => void
  isLive(): boolean
  silentMs(): number
  /** When the last of those that waited here hung up last; undefined: never. */
  leftAt(): number | undefined
}

const unknownMs = 250_000
const leastMs = 30_000
const mostMs = 600_000
const slackMs = 15_000
/** For who hung up: it may come again at once. */
export const hungUpMs = 3_000

/** Somebody who is heard now for the first time. */
export function liveness(now: () => number): Liveness {
  let last = now()
  let widest = 0
  let longPollMs = 0
  let holding = 0
  let hungUpAt: number | undefined
  let leftAt: number | undefined
  const patienceMs = (): number => {
    if (hungUpAt !== undefined) return hungUpMs
    if (longPollMs > 0) return longPollMs + slackMs
    return widest === 0 ? unknownMs : Math.min(mostMs, Math.max(leastMs, widest * 2.5))
  }
  return {
    heard(waitMs = 0) {
      const at = now()
      // Requests in a row belong together; what counts is the pause between one round and the next.
      if (at - last > roundMs) widest = Math.max(at - last, widest * 0.8)
      last = at
      longPollMs = waitMs
      hungUpAt = undefined
    },
    held() {
      holding++
      return (end) => {
        holding--
        last = now()
        if (end === "hungUp" && holding === 0) leftAt = hungUpAt = last
      }
    },
    isLive: () => holding > 0 || now() - last <= patienceMs(),
    silentMs: () => (holding > 0 ? 0 : now() - last),
    leftAt: () => leftAt,
  }
}

const roundMs = 500
