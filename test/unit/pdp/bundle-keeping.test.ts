import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { bundleKeeping } from "../../../src/pdp/bundle-keeping.js"
import { FakeTimers } from "../source/fake-timers.js"

function world() {
  const timers = new FakeTimers()
  const disk = { isFull: true, writes: Array<string>(), confirms: 0 }
  const failures: Error[] = []
  const kept = {
    read: async () => undefined,
    write: async (bytes: Uint8Array) => {
      if (disk.isFull) throw new Error("full")
      disk.writes.push(Buffer.from(bytes).toString())
    },
    confirm: async () => {
      disk.confirms++
      return true
    },
  }
  return { timers, disk, failures, keeping: bundleKeeping(kept, { timers }, (error) => failures.push(error)) }
}

const first = Buffer.from("first")
const second = Buffer.from("second")

describe("keeping the last good bundle", () => {
  it("is tried again, later each time, while the bundle counts as held", async () => {
    const { timers, disk, failures, keeping } = world()
    await keeping.changed(first)
    expect([keeping.isHeld(), failures.length, timers.pending()]).toEqual([true, 1, [1_000]])
    timers.pass(1_000)
    await nextTurn()
    expect([failures.length, timers.pending()]).toEqual([2, [2_000]])
    disk.isFull = false
    timers.pass(2_000)
    await nextTurn()
    expect([disk.writes, failures.length, timers.pending()]).toEqual([["first"], 2, []])
  })

  it("does not take an older file for the bundle that could not be written", async () => {
    const { disk, keeping } = world()
    await keeping.changed(first)
    await keeping.confirmed()
    expect(disk.confirms).toBe(0)
  })

  it("keeps the newest alone, and nothing after a delta or a stop", async () => {
    const { timers, disk, keeping } = world()
    await keeping.changed(first)
    await keeping.changed(second)
    expect(timers.pending()).toEqual([1_000])
    disk.isFull = false
    timers.pass(1_000)
    await nextTurn()
    expect(disk.writes).toEqual(["second"])
    await keeping.changed(undefined)
    expect(keeping.isHeld()).toBe(false)
    disk.isFull = true
    await keeping.changed(first)
    await keeping.stop()
    expect(timers.pending()).toEqual([])
  })
})
