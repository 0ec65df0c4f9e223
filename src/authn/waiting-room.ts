/** Called when a request begins to wait for an identity provider; what it gives is called once that is over. */
export type OnWait = () => () => void

/** Bounds how many callers wait for the same thing, so that one that never comes does not hold all of them. */
export interface WaitingRoom {
  /** Waits until this is over. @returns undefined, at once, while as many wait as may */
  readonly wait: <Value>(awaited: Promise<Value>, onWait?: OnWait) => Promise<Value> | undefined
}

/** @param most how many may wait at a time */
export function waitingRoom(most: number): WaitingRoom {
  let waiting = 0
  return {
    wait(awaited, onWait) {
      if (waiting >= most) return undefined
      waiting++
      const over = onWait?.()
      return awaited.finally(() => {
        waiting--
        over?.()
      })
    },
  }
}
