import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { startRefresh, type RefreshFailure, type RefreshOptions } from "../../../src/source/index.js"
import { FakeTimers } from "./fake-timers.js"

/** A refresh whose flights end when the test says so. */
function started(options: Partial<RefreshOptions> = {}) {
  const timers = new FakeTimers()
  const flights: { readonly signal: AbortSignal; readonly land: () => void; readonly crash: (error: Error) => void }[] = []
  const failures: RefreshFailure[] = []
  const seen = { successes: 0, unsubscribed: 0, push: () => {} }
  const refresh = startRefresh({
    refresh: (signal) => new Promise<void>((land, crash) => flights.push({ signal, land, crash })),
    subscribe: (onNews) => {
      seen.push = onNews
      return () => seen.unsubscribed++
    },
    intervalSeconds: 30,
    onSuccess: () => seen.successes++,
    onFailure: (failure) => failures.push(failure),
    random: () => 0.5,
    timers,
    ...options,
  })
  return { refresh, timers, flights, failures, seen }
}

describe("the refresh", () => {
  it("asks after the interval, and again an interval after the answer", async () => {
    const { timers, flights, seen } = started()
    expect(timers.pending()).toEqual([30_000])
    timers.pass(30_000)
    await nextTurn()
    expect(timers.pending()).toEqual([])
    flights[0]?.land()
    await nextTurn()
    expect(seen.successes).toBe(1)
    expect(timers.pending()).toEqual([30_000])
  })

  it.each([
    [0, 27_000],
    [0.999_999, 33_000],
  ])("spreads the interval by a tenth (random %d)", (random, dueMs) => {
    expect(started({ random: () => random }).timers.pending()).toEqual([dueMs])
  })

  it("backs off after failures: one second, doubled up to the interval", async () => {
    const { refresh, timers, flights, failures } = started({ intervalSeconds: 10 })
    refresh.refreshNow().catch(() => undefined)
    for (const retryInMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      await nextTurn()
      flights.at(-1)?.crash(new Error("no"))
      await nextTurn()
      expect(failures.at(-1)).toMatchObject({ attempt: failures.length, retryInMs })
      timers.pass(retryInMs)
    }
    await nextTurn()
    expect(flights).toHaveLength(7)
  })

  it("waits a second after a failure even when the interval is shorter", async () => {
    const { refresh, flights, failures } = started({ intervalSeconds: 0.1 })
    const refreshed = refresh.refreshNow()
    await nextTurn()
    flights[0]?.crash(new Error("no"))
    await expect(refreshed).rejects.toThrow("no")
    expect(failures[0]?.retryInMs).toBe(1_000)
  })

  it("counts attempts from one again after a success", async () => {
    const { refresh, flights, failures } = started()
    for (const fails of [true, true, false, true]) {
      refresh.refreshNow().catch(() => undefined)
      await nextTurn()
      if (fails) flights.at(-1)?.crash(new Error("no"))
      else flights.at(-1)?.land()
      await nextTurn()
    }
    expect(failures.map(({ attempt }) => attempt)).toEqual([1, 2, 1])
  })

  it("asks at once when the source pushes", async () => {
    const { seen, flights } = started()
    seen.push()
    await nextTurn()
    expect(flights).toHaveLength(1)
  })

  it("asks once more after a flight in which the source pushed, however often", async () => {
    const { seen, flights, timers } = started()
    seen.push()
    await nextTurn()
    seen.push()
    seen.push()
    timers.pass(60_000)
    await nextTurn()
    expect(flights).toHaveLength(1)
    flights[0]?.land()
    await nextTurn()
    expect(flights).toHaveLength(2)
    flights[1]?.land()
    await nextTurn()
    expect(flights).toHaveLength(2)
  })

  it("asks once more after a push in a flight that failed", async () => {
    const { seen, flights } = started()
    seen.push()
    await nextTurn()
    seen.push()
    flights[0]?.crash(new Error("no"))
    await nextTurn()
    expect(flights).toHaveLength(2)
  })

  it("does not ask twice at a time when the source pushes as it is asked", async () => {
    let running = 0
    let most = 0
    let push = () => {}
    const refresh = startRefresh({
      refresh: async () => {
        most = Math.max(most, ++running)
        if (most === 1) push()
        await nextTurn()
        running--
      },
      subscribe: (onNews) => {
        push = onNews
        return () => {}
      },
      intervalSeconds: 30,
      timers: new FakeTimers(),
    })
    await refresh.refreshNow()
    await refresh.refreshNow()
    expect(most).toBe(1)
  })

  it("gives callers who come during a flight the next one, together", async () => {
    const { refresh, flights } = started()
    const first = refresh.refreshNow()
    await nextTurn()
    let later = 0
    const second = refresh.refreshNow().then(() => later++)
    const third = refresh.refreshNow().then(() => later++)
    flights[0]?.land()
    await first
    await nextTurn()
    expect(later).toBe(0)
    flights[1]?.land()
    await Promise.all([second, third])
    expect(flights).toHaveLength(2)
  })

  it("rejects refreshNow with the failure, and works again at the next call", async () => {
    const { refresh, flights } = started()
    const first = refresh.refreshNow()
    await nextTurn()
    flights[0]?.crash(new Error("first"))
    await expect(first).rejects.toThrow("first")
    const second = refresh.refreshNow()
    await nextTurn()
    flights[1]?.land()
    await second
  })

  it("aborts the flight when stopped, and waits until it has ended", async () => {
    const { refresh, flights, timers, seen, failures } = started()
    const flying = refresh.refreshNow()
    await nextTurn()
    const waiting = refresh.refreshNow()
    let stopped = false
    const stop = refresh.stop().then(() => (stopped = true))
    await nextTurn()
    expect(flights[0]?.signal.aborted).toBe(true)
    expect(stopped).toBe(false)
    flights[0]?.crash(new Error("aborted"))
    await expect(flying).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await expect(waiting).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await stop
    expect(seen.unsubscribed).toBe(1)
    expect(failures).toEqual([])
    expect(timers.pending()).toEqual([])
  })

  it("asks no more once stopped", async () => {
    const { refresh, flights, timers, seen } = started()
    await refresh.stop()
    seen.push()
    timers.pass(60_000)
    await nextTurn()
    await expect(refresh.refreshNow()).rejects.toMatchObject({ code: "ERR_CLOSED" })
    expect(flights).toHaveLength(0)
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_000_000])("refuses an interval of %d seconds", (intervalSeconds) => {
    expect(() => started({ intervalSeconds })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
