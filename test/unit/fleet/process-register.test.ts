import { describe, expect, it, onTestFinished } from "vitest"
import type { Database } from "../../../src/database/index.js"
import { processRegister, type ProcessFacts } from "../../../src/fleet/index.js"
import { sqlitePlace } from "../../fixtures/databases.js"
import { testClock } from "./clock.js"

const facts: ProcessFacts = { version: "0.1.0", ready: true, revision: "0000000a.1", policyDigest: "p", authorizationDataDigest: "a" }

function world() {
  const clock = testClock()
  const place = sqlitePlace()
  const { database } = place.source({ now: clock.now })
  onTestFinished(() => place.cleanUp())
  const problems: unknown[] = []
  const join = (id: string, says: () => ProcessFacts = () => facts, of: Database = database) =>
    processRegister({ database: of, id, name: `host ${id}`, facts: says, onProblem: (error) => problems.push(error), ...clock })
  /** What has begun is done: the database does one thing at a time. */
  const settled = () => database.write(async () => undefined)
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
    await settled()
  }
  return { clock, database, join, settled, pass, problems }
}

describe("the processes on a database", () => {
  it("see each other, and not themselves", async () => {
    const { join, settled } = world()
    const [one, two] = [join("1"), join("2", () => ({ ...facts, ready: false, revision: undefined, policyDigest: "q" }))]
    await settled()
    expect(await one.others()).toEqual([
      { ...facts, name: "host 2", ready: false, revision: undefined, policyDigest: "q", isLost: false, silentMs: 0 },
    ])
    expect(await two.others()).toEqual([{ ...facts, name: "host 1", isLost: false, silentMs: 0 }])
  })

  it("say what they run every ten seconds, and two seconds after a change", async () => {
    let revision = "0000000a.1"
    const { join, settled, pass } = world()
    const one = join("1")
    const two = join("2", () => ({ ...facts, revision }))
    await settled()
    revision = "0000000a.2"
    const seen = async () => (await one.others()).map((other) => [other.revision, other.silentMs])
    await pass(9_000)
    expect(await seen()).toEqual([["0000000a.1", 9_000]])
    await pass(1_000)
    expect(await seen()).toEqual([["0000000a.2", 0]])
    revision = "0000000a.3"
    for (let change = 0; change < 5; change++) two.changed()
    await pass(1_999)
    expect(await seen()).toEqual([["0000000a.2", 1_999]])
    await pass(1)
    expect(await seen()).toEqual([["0000000a.3", 0]])
  })

  it("are lost when they are silent, forgotten after an hour, and gone at once when they stop", async () => {
    const { join, settled, pass, database, clock } = world()
    const killed: { isGone: boolean } = { isGone: false }
    const one = join("1")
    const two = join("2", () => facts, {
      ...database,
      name: database.name,
      write: (work) => (killed.isGone ? Promise.reject(new Error("killed")) : database.write(work)),
    })
    const three = join("3")
    await settled()
    expect(await one.others()).toHaveLength(2)
    await three.close()
    expect((await one.others()).map(({ name }) => name)).toEqual(["host 2"])
    killed.isGone = true
    for (let at = 0; at < 4; at++) await pass(10_000)
    expect(await one.others()).toMatchObject([{ name: "host 2", isLost: true, silentMs: 40_000 }])
    for (let at = 0; at < 360; at++) await pass(10_000)
    expect(await one.others()).toEqual([])
    const rows = await database.read((sql) => sql.all("SELECT id FROM portcullis_processes"))
    expect(rows).toEqual([{ id: "1" }])
    const closing = two.close()
    clock.advance(1_000)
    await closing
  })

  it("go on when the database does not answer, say so once, and come back", async () => {
    const { join, settled, pass, database, problems } = world()
    let isAway = true
    const one = join("1")
    join("2", () => facts, {
      ...database,
      name: database.name,
      write: (work) => (isAway ? Promise.reject(new Error("away")) : database.write(work)),
    })
    await settled()
    await pass(10_000)
    expect([problems.length, await one.others()]).toEqual([1, []])
    isAway = false
    await pass(10_000)
    expect(await one.others()).toHaveLength(1)
  })

  it("say nothing any more once they are closed", async () => {
    const { join, pass, clock } = world()
    const one = join("1")
    await one.close()
    one.changed()
    await pass(60_000)
    expect(clock.running()).toBe(0)
  })
})
