import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Timers } from "../../../src/model/timers.js"
import { watchFiles } from "../../../src/source/index.js"
import { FakeTimers } from "./fake-timers.js"

let directory = ""

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portcullis-watch-"))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Timers that tell when the next alarm is set. */
class ObservedTimers extends FakeTimers implements Timers {
  #waiting: (() => void)[] = []

  override after(ms: number, run: () => void): () => void {
    const cancel = super.after(ms, run)
    for (const resolve of this.#waiting.splice(0)) resolve()
    return cancel
  }

  nextAlarm(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

describe("watching files", () => {
  it("calls once for many events in a short time", async () => {
    const timers = new ObservedTimers()
    let calls = 0
    const stop = watchFiles([join(directory, "a"), join(directory, "b")], () => calls++, timers)
    const alarm = timers.nextAlarm()
    for (const name of ["a", "b", "c"]) await writeFile(join(directory, name), "x")
    await alarm
    expect(calls).toBe(0)
    expect(timers.pending()).toEqual([100])
    timers.pass(100)
    expect(calls).toBe(1)
    stop()
  })

  it("goes on after a call", async () => {
    const timers = new ObservedTimers()
    let calls = 0
    const stop = watchFiles([join(directory, "a")], () => calls++, timers)
    for (const text of ["1", "2"]) {
      const alarm = timers.nextAlarm()
      await writeFile(join(directory, "a"), text)
      await alarm
      timers.pass(100)
    }
    expect(calls).toBeGreaterThanOrEqual(2)
    stop()
  })

  it("tries a directory that is not there again, calling each time, and watches it once it is", async () => {
    const timers = new ObservedTimers()
    let calls = 0
    const inner = join(directory, "later")
    const stop = watchFiles([join(inner, "a")], () => calls++, timers)
    timers.pass(5_000)
    expect(calls).toBe(1)
    await mkdir(inner)
    timers.pass(5_000)
    expect(calls).toBe(2)
    expect(timers.pending()).toEqual([])
    const alarm = timers.nextAlarm()
    await writeFile(join(inner, "a"), "x")
    await alarm
    stop()
  })

  it("watches a directory that took the place of another", async () => {
    const timers = new ObservedTimers()
    const inner = join(directory, "inner")
    await mkdir(inner)
    const stop = watchFiles([join(inner, "a")], () => undefined, timers)
    const removed = timers.nextAlarm()
    await rm(inner, { recursive: true })
    await removed
    await mkdir(inner)
    timers.pass(100)
    const written = timers.nextAlarm()
    await writeFile(join(inner, "a"), "x")
    await written
    stop()
  })

  it("sets no alarm once it is stopped", async () => {
    const timers = new ObservedTimers()
    const stop = watchFiles([join(directory, "a")], () => undefined, timers)
    const alarm = timers.nextAlarm()
    await writeFile(join(directory, "a"), "x")
    await alarm
    stop()
    expect(timers.pending()).toEqual([])
  })
})
