import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { z } from "zod"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"
import { readOnlyFolder } from "../fixtures/read-only-folder.js"
import { serving, type Serving } from "../fixtures/serving.js"
import { root, start } from "../fixtures/sidecar.js"

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { encoding: "utf8" })
  expect(built.stderr).not.toContain("do not compile")
})

let folder: string
beforeEach(() => {
  const made = (folder = mkdtempSync(join(tmpdir(), "portcullis-faults-")))
  onTestFinished(() => rmSync(made, { recursive: true }))
})

const admin = "root@example.com"
const settings = { AUTH__ADMIN_EMAIL: admin, SEED__WILDCARD_VIEWER: "false", LOG__FORMAT: "text" }
const patience = { timeout: 30_000, interval: 20 }
const members = "/apis/entities/v2/workspaces/ml/members"

async function makeWorkspace(sidecar: Serving): Promise<void> {
  expect((await sidecar.send("POST", "/apis/entities/v2/workspaces", { as: admin, body: { name: "ml" } })).status).toBe(201)
}

const add = (sidecar: Serving, principal: string) => sidecar.send("POST", members, { as: admin, body: { principal, roles: ["Viewer", "Editor"] } })
const remove = (sidecar: Serving, principal: string) => sidecar.send("DELETE", `${members}/${principal}`, { as: admin })

const Members = z.object({ data: z.array(z.object({ principal: z.string(), roles: z.array(z.string()) })) })
const Total = z.object({ pagination: z.object({ total_results: z.int() }) })

/** Each member's roles. */
async function membersOf(sidecar: Serving): Promise<ReadonlyMap<string, string>> {
  const { body } = await sidecar.send("GET", members, { as: admin })
  return new Map(Members.parse(body).data.map(({ principal, roles }) => [principal, roles.join(" ")]))
}

async function countSeeded(sidecar: Serving): Promise<number> {
  const { body } = await sidecar.send("GET", "/apis/auth/v2/iam/changes?filter[actor]=system:seed", { as: admin })
  return Total.parse(body).pagination.total_results
}

function sequenceOf(revision: unknown): number {
  return Number(String(revision).split(".")[1])
}

describe("serve on SQLite", () => {
  const onFile = () => serving({ ...settings, STORE__PATH: join(folder, "portcullis.db") })

  it("killed at any moment of 200 writes, has each acknowledged one when it is back, no half one, and seeds nothing twice", async () => {
    const random = seeded(20_261_124)
    const known = new Map<string, "whole" | "gone" | "unknown">()
    let [acknowledged, started, highest, kills] = [0, 0, 0, 0]

    let sidecar = await onFile()
    await makeWorkspace(sidecar)
    const seeds = await countSeeded(sidecar)
    const epoch = (await sidecar.status()).revision?.split(".")[0]
    while (acknowledged < 200) {
      const until = acknowledged + 5 + Math.floor(random() * 40)
      const current = sidecar
      const written = async (principal: string, outcome: "whole" | "gone", write: typeof add): Promise<void> => {
        known.set(principal, "unknown")
        const { status, headers } = await write(current, principal)
        expect(status).toBe(outcome === "whole" ? 201 : 200)
        known.set(principal, outcome)
        highest = Math.max(highest, sequenceOf(headers["x-portcullis-revision"]))
        acknowledged++
      }
      const isAlive = (): boolean => current.child.signalCode === null && !current.child.killed
      const work = async (): Promise<void> => {
        while (isAlive()) {
          const principal = `p${started++}@example.com`
          await written(principal, "whole", add)
          if (started % 3 === 0) await written(principal, "gone", remove)
        }
      }
      const workers = Promise.allSettled([work(), work(), work(), work()])
      await vi.waitFor(() => expect(acknowledged).toBeGreaterThanOrEqual(until), { timeout: 20_000, interval: 1 })
      for (let turns = Math.floor(random() * 60); turns > 0; turns--) await nextTurn()
      await current.kill("SIGKILL")
      for (const result of await workers) expect(String(result.status === "rejected" && result.reason)).toMatch(/false|ECONN|socket hang up/)
      kills++

      sidecar = await onFile()
      const kept = [...known].filter(([, state]) => state !== "unknown")
      const [last, state] = kept.at(-1) ?? []
      expect(await sidecar.mayRead(last ?? "")).toBe(state === "whole")
      const { revision } = await sidecar.status()
      expect(revision?.split(".")[0]).toBe(epoch)
      expect(sequenceOf(revision)).toBeGreaterThanOrEqual(highest)
      const found = await membersOf(sidecar)
      for (const [principal, state] of known) {
        const roles = found.get(principal)
        if (state === "unknown") expect([undefined, "Editor Viewer"], principal).toContain(roles)
        else expect(roles, principal).toBe(state === "whole" ? "Editor Viewer" : undefined)
        expect(await sidecar.mayRead(principal), principal).toBe(roles !== undefined)
        known.set(principal, roles === undefined ? "gone" : "whole")
      }
      expect([...found.keys()].filter((principal) => !known.has(principal))).toEqual([admin])
      expect(sidecar.err()).not.toContain("seeded")
      expect(await countSeeded(sidecar)).toBe(seeds)
    }
    expect(kills).toBeGreaterThan(3)
  })

  it("stopped by SIGTERM during writes, has answered each, or not begun it", async () => {
    const sidecar = await onFile()
    await makeWorkspace(sidecar)
    const done = new Set<string>()
    const refused: string[] = []
    let started = 0
    let cut = 0
    const work = async (): Promise<void> => {
      while (sidecar.child.exitCode === null) {
        const principal = `p${started++}@example.com`
        try {
          const { status, body } = await add(sidecar, principal)
          if (status === 201) done.add(principal)
          else refused.push(`${status} ${String(body["code"])}`)
        } catch {
          cut++
        }
      }
    }
    const workers = Promise.all(Array.from({ length: 8 }, work))
    await vi.waitFor(() => expect(done.size).toBeGreaterThan(50), { timeout: 20_000, interval: 1 })
    expect(await sidecar.kill("SIGTERM")).toBe(0)
    await workers
    expect(new Set(refused)).toEqual(new Set(refused.length > 0 ? ["503 closed"] : []))
    expect(refused.length + cut).toBeGreaterThan(0)

    const found = await membersOf(await onFile())
    expect([...found.keys()].filter((principal) => principal !== admin).sort()).toEqual([...done].sort())
  })

  it.each([
    ["a path that is a folder", () => folder, /this is a folder; name a file in it$/m],
    ["a file that is no database", () => notADatabase(), /file is not a database; restore it from a backup/],
    ["a folder in a file", () => join(notADatabase(), "portcullis.db"), /a part of this path is a file$/m],
  ])("refuses %s with exit 1 and one line", async (_, path, wanted) => {
    const { line, code } = await refusal(path())
    expect([code, line]).toEqual([1, expect.stringMatching(wanted)])
  })

  it("refuses a folder in which it cannot write with exit 1 and the remedy in one line", async ({ skip }) => {
    const place = readOnlyFolder()
    if (place === undefined) return skip("nothing keeps this user out of a folder")
    const { line, code } = await refusal(join(place, "portcullis.db"))
    expect([code, line]).toEqual([1, expect.stringMatching(/portcullis\.db: .*make the file and its folder writable/)])
  })

  function notADatabase(): string {
    const path = join(folder, "names.txt")
    writeFileSync(path, "This was a list of names once.\n".repeat(100))
    return path
  }

  async function refusal(path: string): Promise<{ readonly code: number | null; readonly line: string }> {
    const sidecar = start(["serve", "--listen", "127.0.0.1:0"], { PORTCULLIS_STORE__SOURCE: "sqlite", PORTCULLIS_STORE__PATH: path })
    const code = await sidecar.exited
    expect(sidecar.out()).toBe("")
    expect(sidecar.err().split("\n")).toEqual([expect.stringMatching(/^portcullis: /), ""])
    return { code, line: sidecar.err() }
  }
})

describe("serve on PostgreSQL", () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.remove())

  const on = (url: string, more: Readonly<Record<string, string>> = {}, ...args: readonly string[]) =>
    serving({ ...settings, STORE__URL: url, AUTH__POLICY_DATA_REFRESH_INTERVAL: "1", ...more }, ...args)

  it("decides in one process on what another one writes, at the returned revision; both say the same revision", async () => {
    const url = await postgres.database()
    const [here, there] = await Promise.all([on(url), on(url)])
    await makeWorkspace(here)
    for (let round = 0; round < 50; round++) {
      const principal = `p${round}@example.com`
      const added = await add(here, principal)
      expect([added.status, await there.mayRead(principal, added.headers["x-portcullis-revision"])]).toEqual([201, true])
      const removed = await remove(there, principal)
      expect([removed.status, await here.mayRead(principal, removed.headers["x-portcullis-revision"])]).toEqual([200, false])
    }
    await vi.waitFor(async () => expect((await here.status()).revision).toBe((await there.status()).revision), patience)
    expect((await here.status()).authorizationData).toEqual((await there.status()).authorizationData)
  })

  it("lets two processes race for a name, a member and the last Admin, 170 times each, and one of them win", async () => {
    const url = await postgres.database()
    const both = await Promise.all([on(url), on(url)])
    const persons = ["ann@example.com", "ben@example.com"]
    const race = (ask: (side: number) => readonly [method: string, target: string, body?: object], revision?: unknown) =>
      Promise.all(
        both.map((process, side) => {
          const [method, target, body] = ask(side)
          const headers = { "X-NMP-Principal-Id": persons[side] ?? "", ...(revision !== undefined && { "X-Portcullis-At-Least": String(revision) }) }
          return process.send(method, `/apis/entities/v2/workspaces${target}`, { headers, ...(body && { body }) })
        }),
      )
    const statusesOf = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status).sort()
    for (let round = 0; round < 170; round++) {
      const made = await race(() => ["POST", "", { name: `race${round}` }])
      expect(statusesOf(made)).toEqual([201, 409])
      const owner = made[0]?.status === 201 ? 0 : 1
      const shared = await both[owner]?.send("POST", `/apis/entities/v2/workspaces/race${round}/members`, {
        as: persons[owner] ?? "",
        body: { principal: persons[1 - owner], roles: ["Admin"] },
      })
      const revision = shared?.headers["x-portcullis-revision"]
      const zoe = { principal: "zoe@example.com", roles: ["Viewer"] }
      const added = await race(() => ["POST", `/race${round}/members`, zoe], revision)
      expect(statusesOf(added)).toEqual([201, 201])
      const gone = await race((side) => ["DELETE", `/race${round}/members/${persons[1 - side]}`], revision)
      // The other one is no Admin any more, or the last one, by the time that it has its turn.
      expect([
        [200, 403],
        [200, 409],
      ]).toContainEqual(statusesOf(gone))
      const left = await both[0]?.send("GET", `/apis/entities/v2/workspaces/race${round}/members`, { as: "root@example.com" })
      expect(left?.body["data"]).toMatchObject([{ roles: ["Admin"] }, { principal: "zoe@example.com", roles: ["Viewer"] }])
    }
  })

  it("shows that another process decides by other authorization data", async () => {
    const url = await postgres.database()
    const data = join(folder, "data.json")
    writeFileSync(data, '{"version": 1, "extends": "portcullis", "roles": {"Auditor": {"permissions": ["workspaces.read"]}}, "endpoints": {}}')
    const here = await on(url)
    const other = await on(url, {}, "--data", data)
    const [ours, theirs] = await Promise.all([here.status(), other.status()])
    expect(ours.authorizationData.digest).not.toBe(theirs.authorizationData.digest)
    await vi.waitFor(async () => expect((await here.status()).revision).toBe((await other.status()).revision), patience)
  })

  it("goes on deciding while the server is away, refuses writes until it is back, then catches up, and says so", async () => {
    const sidecar = await on(await postgres.database())
    await makeWorkspace(sidecar)
    expect((await add(sidecar, "ann@example.com")).status).toBe(201)
    let loading = true
    let [decisions, next] = [0, 0]
    const written = new Map<string, unknown>()
    const refused: unknown[] = []
    const ask = async (): Promise<void> => {
      while (loading) {
        expect([await sidecar.mayRead("ann@example.com"), await sidecar.mayRead("eve@example.com")]).toEqual([true, false])
        decisions++
      }
    }
    const write = async (): Promise<void> => {
      while (loading) {
        const principal = `p${next++}@example.com`
        const { status, headers, body } = await add(sidecar, principal)
        if (status === 201) written.set(principal, body["revision"])
        else refused.push([status, headers["retry-after"], headers["x-should-retry"], body["code"]])
      }
    }
    const load = Promise.all([ask(), ask(), write(), write()])
    const more = async (count: () => number): Promise<void> => {
      const before = count()
      await vi.waitFor(() => expect(count()).toBeGreaterThan(before + 5), patience)
    }
    await more(() => written.size)
    const since = Date.now()
    await postgres.stop()
    await more(() => refused.length)
    await more(() => decisions)
    await vi.waitFor(async () => {
      const [{ failing } = {}] = (await sidecar.status()).sources
      expect(failing?.message).toMatch(/^postgres 127\.0\.0\.1:\d+\/portcullis_\d+: .*; check that it runs/)
      expect(Date.parse(failing?.since ?? "")).toBeGreaterThanOrEqual(since)
    }, patience)
    expect((await sidecar.send("GET", "/health/ready")).status).toBe(200)
    await postgres.start()
    await more(() => written.size)
    loading = false
    await load

    expect(new Set(refused.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['[503,"1",null,"source_unavailable"]']))
    for (const [principal, revision] of written) expect(await sidecar.mayRead(principal, revision), principal).toBe(true)
    await vi.waitFor(async () => expect((await sidecar.status()).sources).toEqual([{}]), patience)
  })

  it("started while the server is away, is ready once it is back and seeds then; at once, when there is a snapshot on disk", async () => {
    const [known, fresh, snapshot] = [await postgres.database(), await postgres.database(), join(folder, "snapshot")]
    const before = await on(known, { STORE__SNAPSHOT: snapshot })
    await makeWorkspace(before)
    expect((await add(before, "ann@example.com")).status).toBe(201)
    expect(await before.kill("SIGTERM")).toBe(0)
    await postgres.stop()

    const [ready, waiting] = await Promise.all([on(known, { STORE__SNAPSHOT: snapshot }), on(fresh)])
    expect(await ready.status()).toMatchObject({ ready: true, snapshot: { decides: true, ageSeconds: expect.any(Number) } })
    expect([await ready.mayRead("ann@example.com"), await ready.mayRead("eve@example.com")]).toEqual([true, false])
    expect((await add(ready, "eve@example.com")).status).toBe(503)
    expect([(await waiting.send("GET", "/health/ready")).status, (await waiting.status()).ready]).toEqual([503, false])
    await expect(waiting.mayRead(admin)).rejects.toThrow("decision answered 503")
    expect(waiting.err()).toContain("no decisions until this source answers")
    expect(waiting.err()).not.toContain("role binding seeded")

    await postgres.start()
    await waiting.printed("err", /role binding seeded principal=root@example\.com/)
    await vi.waitFor(async () => expect(await waiting.mayRead(admin)).toBe(true), patience)
    expect((await waiting.send("GET", "/health/ready")).status).toBe(200)
    await makeWorkspace(waiting)
    await vi.waitFor(async () => expect((await ready.status()).snapshot?.decides).toBe(false), patience)
    expect((await add(ready, "eve@example.com")).status).toBe(201)
  })
})

function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647
}
