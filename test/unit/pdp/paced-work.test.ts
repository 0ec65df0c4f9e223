import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { pacedWork } from "../../../src/pdp/paced-work.js"
import { FakeTimers } from "../source/fake-timers.js"

/** Work whose pieces end when the test says so. */
function started() {
  const timers = new FakeTimers()
  const pieces: { readonly signal: AbortSignal; readonly land: () => void; readonly crash: (error: Error) => void }[] = []
  const failures: unknown[] = []
  const work = (signal: AbortSignal): Promise<void> => new Promise((land, crash) => pieces.push({ signal, land, crash }))
  const paced = pacedWork({ work, failed: (thrown) => failures.push(thrown), delayMs: 1_000, pauseMs: 60_000, closeMs: 5_000, timers })
  const land = async (): Promise<void> => {
    pieces.at(-1)?.land()
    await nextTurn()
  }
  return { paced, timers, pieces, failures, land }
}

describe("paced work", () => {
  it("is done once for many wishes, soon after the first", () => {
    const { paced, timers, pieces } = started()
    expect(timers.pending()).toEqual([])
    for (let at = 0; at < 5; at++) paced.wish()
    expect([pieces.length, timers.pending()]).toEqual([0, [1_000]])
    timers.pass(1_000)
    expect(pieces).toHaveLength(1)
  })

  it("is done again at the end of the pause, when it was wished for meanwhile", async () => {
    const { paced, timers, pieces, land } = started()
    paced.wish()
    timers.pass(1_000)
    paced.wish()
    await land()
    paced.wish()
    expect([pieces.length, timers.pending()]).toEqual([1, [60_000]])
    timers.pass(60_000)
    expect(pieces).toHaveLength(2)
    await land()
    timers.pass(60_000)
    expect([pieces.length, timers.pending()]).toEqual([2, []])
    paced.wish()
    expect(timers.pending()).toEqual([1_000])
  })

  it("is done one piece at a time, however long one takes", async () => {
    const { paced, timers, pieces, land } = started()
    paced.wish()
    timers.pass(1_000)
    paced.wish()
    timers.pass(600_000)
    expect(pieces).toHaveLength(1)
    await land()
    expect(pieces).toHaveLength(2)
  })

  it("is tried again after the pause when it failed, without another wish", async () => {
    const { paced, timers, pieces, failures } = started()
    paced.wish()
    timers.pass(1_000)
    pieces[0]?.crash(new Error("disk full"))
    await nextTurn()
    expect(failures).toEqual([new Error("disk full")])
    timers.pass(59_999)
    expect(pieces).toHaveLength(1)
    timers.pass(1)
    expect(pieces).toHaveLength(2)
  })

  it("ends with a last piece, after the one under way", async () => {
    const { paced, timers, pieces, land } = started()
    paced.wish()
    timers.pass(1_000)
    const closed = paced.close()
    await nextTurn()
    expect(pieces).toHaveLength(1)
    await land()
    expect(pieces).toHaveLength(2)
    await land()
    await closed
    paced.wish()
    expect(timers.pending()).toEqual([])
  })

  it("ends after five seconds at the latest, and is told", async () => {
    const { paced, timers, pieces } = started()
    const closed = paced.close()
    await nextTurn()
    timers.pass(5_000)
    await closed
    expect(pieces[0]?.signal.reason).toMatchObject({ message: "it was closed, and 5 s were not enough" })
  })
})
