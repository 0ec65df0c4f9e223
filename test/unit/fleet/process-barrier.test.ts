import { describe, expect, it } from "vitest"
import { processBarrier, type KnownProcess } from "../../../src/fleet/index.js"
import { testClock } from "./clock.js"

const one: KnownProcess = {
  name: "west",
  version: "0.1.0",
  ready: true,
  revision: "0000000a.1",
  policyDigest: "",
  authorizationDataDigest: "",
  isLost: false,
  silentMs: 0,
}

function barrierOn(look: () => readonly KnownProcess[]) {
  const clock = testClock()
  const problems: unknown[] = []
  let asked = 0
  const others = async () => {
    asked++
    return look()
  }
  const barrier = processBarrier({ others, onProblem: (thrown) => problems.push(thrown), timers: clock.timers, now: clock.now })
  return { clock, problems, asked: () => asked, wait: (signal = new AbortController().signal) => barrier("0000000a.2", { timeoutMs: 1_000, signal }) }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe("the processes on a database", () => {
  it("are waited for until each of them decides on the revision", async () => {
    let all = [one, { ...one, name: "east", revision: "0000000a.3" }]
    const { clock, wait } = barrierOn(() => all)
    const waited = wait()
    await settled()
    all = all.map((process) => ({ ...process, revision: "0000000a.3" }))
    clock.advance(250)
    expect(await waited).toEqual({ waitedFor: 2, missing: [], isUnknown: false })
  })

  it("are named when they do not in time; lost ones are not waited for, those that decide on nothing are", async () => {
    const { clock, wait } = barrierOn(() => [
      { ...one, revision: "0000000a.2", ready: false },
      { ...one, isLost: true },
    ])
    const waited = wait()
    for (let look = 0; look < 4; look++) {
      await settled()
      clock.advance(250)
    }
    expect(await waited).toMatchObject({ waitedFor: 1, missing: [{ name: "west", ready: false }] })
  })

  it("are asked for once, however many wait, and no longer than somebody does", async () => {
    const { clock, asked, wait } = barrierOn(() => [one])
    const gone = new AbortController()
    const waited = [wait(gone.signal), wait(gone.signal)]
    await settled()
    expect(asked()).toBe(1)
    gone.abort()
    for (const reach of await Promise.all(waited)) expect(reach.missing).toHaveLength(1)
    expect(clock.running()).toBe(0)
  })

  it("are unknown when the database does not say", async () => {
    const { problems, wait } = barrierOn(() => {
      throw new Error("away")
    })
    expect(await wait()).toEqual({ waitedFor: 0, missing: [], isUnknown: true })
    expect(problems).toHaveLength(1)
  })
})
