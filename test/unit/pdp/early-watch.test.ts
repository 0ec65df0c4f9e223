import { describe, expect, it } from "vitest"
import { earlyWatch } from "../../../src/pdp/early-watch.js"

describe("an early watch", () => {
  const watched = () => {
    const hand = { change: (): void => expect.unreachable(), stopped: 0 }
    const watch = earlyWatch((onNews) => {
      hand.change = onNews
      return () => hand.stopped++
    })
    return { hand, watch }
  }

  it("tells at once of what changed before anybody listened", () => {
    const { hand, watch } = watched()
    hand.change()
    hand.change()
    let calls = 0
    watch.subscribe(() => calls++)
    expect(calls).toBe(1)
  })

  it("tells of what changes afterwards, until it is stopped", () => {
    const { hand, watch } = watched()
    let calls = 0
    const stop = watch.subscribe(() => calls++)
    expect(calls).toBe(0)
    hand.change()
    expect(calls).toBe(1)
    stop()
    expect(hand.stopped).toBe(1)
  })
})
