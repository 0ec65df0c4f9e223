import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { startBundlePolling, type BundlePollingOptions } from "../../../src/pdp/bundle-polling.js"
import { FakeTimers } from "../source/fake-timers.js"

/** A polling whose looks end when the test says so. */
function started({ waitMs = 0, pollSeconds = 30, random = 0.5 } = {}) {
  const timers = new FakeTimers()
  const world = { now: 0, waitMs, successes: 0, unsubscribed: 0, tell: () => {} }
  const looks: {
    readonly waitMs: number
    readonly signal: AbortSignal
    readonly end: (how: "news" | "unchanged") => void
    readonly fail: () => void
  }[] = []
  const failures: Parameters<BundlePollingOptions["failed"]>[0][] = []
  const polling = startBundlePolling({
    feed: {
      pollSeconds,
      waitMs: () => world.waitMs,
      surroundings: { timers, random: () => random, now: () => world.now },
      subscribe: (onNews) => {
        world.tell = onNews
        return () => world.unsubscribed++
      },
    },
    look: (wait, signal) =>
      new Promise((resolve, reject) => {
        const gone = (): void => reject(new Error("ended"))
        signal.addEventListener("abort", gone)
        looks.push({ waitMs: wait, signal, end: resolve, fail: () => reject(new Error("no")) })
      }),
    succeeded: () => void world.successes++,
    failed: (failure) => failures.push(failure),
  })
  const first = polling.now().catch(() => undefined)
  /** Ends the look under way, after a time. */
  const end = async (how: "news" | "unchanged", afterMs = 0): Promise<void> => {
    world.now += afterMs
    looks.at(-1)?.end(how)
    await nextTurn()
  }
  const fail = async (): Promise<void> => {
    looks.at(-1)?.fail()
    await nextTurn()
  }
  const pass = async (ms: number): Promise<void> => {
    timers.pass(ms)
    await nextTurn()
  }
  return { polling, timers, world, looks, failures, first, end, fail, pass }
}

describe("polling for a bundle", () => {
  it.each([
    [0, 27_000],
    [0.5, 30_000],
    [0.999_999, 33_000],
  ])("looks every 30 seconds, spread by a tenth (random %d)", async (random, dueMs) => {
    const { timers, end } = started({ random })
    await end("news")
    expect(timers.pending()).toEqual([dueMs])
  })

  it("looks again at once where questions are held back, whether there was news or time was up", async () => {
    const { timers, looks, end, pass } = started({ waitMs: 10_000 })
    expect(looks[0]?.waitMs).toBe(0)
    await end("news")
    expect(timers.pending()).toEqual([0])
    await pass(0)
    expect(looks[1]?.waitMs).toBe(10_000)
    await end("unchanged", 10_000)
    expect(timers.pending()).toEqual([0])
  })

  it("slows down where nothing new is said at once, and is quick again after news", async () => {
    const { timers, end, pass } = started({ waitMs: 10_000 })
    await end("news")
    for (const pause of [100, 160, 256]) {
      await pass(timers.pending()[0] ?? 0)
      await end("unchanged", 1)
      expect(timers.pending()).toEqual([pause])
    }
    await pass(256)
    await end("news", 1)
    expect(timers.pending()).toEqual([0])
  })

  it("slows down, up to a second, where there is something new at once again and again", async () => {
    const { timers, end, pass } = started({ waitMs: 10_000 })
    await end("news")
    for (let times = 1; times < 10; times++) {
      await pass(0)
      await end("news", 1)
      expect(timers.pending()).toEqual([0])
    }
    for (const pause of [100, 160, 256, 410, 655, 1_000, 1_000]) {
      await pass(timers.pending()[0] ?? 0)
      await end("news", 1)
      expect(timers.pending()).toEqual([pause])
    }
    await pass(1_000)
    await end("news", 500)
    expect(timers.pending()).toEqual([0])
  })

  it("backs off after failures: 100 ms, 1.6 times as long each time, up to the interval; and forgets them", async () => {
    const { failures, timers, world, end, fail, pass } = started({ pollSeconds: 0.5 })
    for (const [at, retryInMs] of [100, 160, 256, 410, 500, 500].entries()) {
      await fail()
      expect(failures.at(-1)).toMatchObject({ attempt: at + 1, retryInMs })
      await pass(retryInMs)
    }
    await end("unchanged")
    expect(world.successes).toBe(1)
    await pass(timers.pending()[0] ?? 0)
    await fail()
    expect(failures.at(-1)).toMatchObject({ attempt: 1, retryInMs: 100 })
  })

  it("lets who asks now interrupt a question that is held back, which is no failure", async () => {
    const { polling, looks, failures, end, pass } = started({ waitMs: 10_000 })
    await end("news")
    await pass(0)
    const asked = [polling.now(), polling.now()]
    await nextTurn()
    expect(looks[1]?.signal.aborted).toBe(true)
    expect(looks).toHaveLength(3)
    expect(looks[2]?.waitMs).toBe(0)
    await end("unchanged")
    await Promise.all(asked)
    expect(failures).toEqual([])
  })

  it("looks when it is told of news, and once more after a look that may have come too early", async () => {
    const { world, looks, end } = started()
    world.tell()
    world.tell()
    await end("unchanged")
    expect(looks).toHaveLength(2)
    await end("news")
    expect(looks).toHaveLength(2)
  })

  it("stops", async () => {
    const { polling, timers, world, looks, failures, first } = started()
    await polling.stop()
    await first
    expect([timers.pending(), looks[0]?.signal.aborted, world.unsubscribed, failures]).toEqual([[], true, 1, []])
    await expect(polling.now()).rejects.toMatchObject({ code: "ERR_CLOSED" })
  })
})
