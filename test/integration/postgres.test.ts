import pg from "pg"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { grantBindings, postgresDatabase, revokeBindings, roleBindingName, type Database } from "../../src/database/index.js"
import { createPdp, PdpError, type Pdp } from "../../src/index.js"
import type { RoleBinding } from "../../src/model/role-binding.js"
import { formatRevision } from "../../src/model/revision.js"
import { applyRead, postgresSource, type DatabaseSource, type SourcePosition } from "../../src/source/index.js"
import { roleBindingStore } from "../../src/store/index.js"
import { contentsOf, numberingFaults, replayed } from "../fixtures/databases.js"
import { freePort } from "../fixtures/free-port.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"

let postgres: TestPostgres
let url: string
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())
beforeEach(async () => {
  url = await postgres.database()
})

const viewer = (principal: string): RoleBinding => ({ principal, workspace: "ml", role: "Viewer" })
const grant = (database: Database, ...principals: readonly string[]) =>
  database.write((transaction) => grantBindings(transaction, "test", principals.map(viewer)))

/** Opens it until the test ends. */
function opened(options: Omit<Parameters<typeof postgresSource>[0], "url" | "pool"> = {}): DatabaseSource {
  const source = postgresSource({ url, ...options })
  onTestFinished(() => source.close())
  return source
}

/** The operator's own connection to the database. */
async function operator(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

const others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

/** A gate that one party opens for others. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opens = new Promise<void>((resolve) => (open = resolve))
  return { opened: opens, open }
}

/** Follows a source as a PDP does. */
function reader(source: DatabaseSource) {
  let store = roleBindingStore()
  let position: SourcePosition | undefined
  const revisions: string[] = []
  return {
    revisions,
    async catchUp(): Promise<readonly string[]> {
      const holder = {
        store,
        now: Date.now,
        activate: (next: typeof store, _: number, revision?: { epoch: string; sequence: number }) => {
          store = next
          if (revision) revisions.push(formatRevision(revision))
        },
      }
      const applied = await applyRead(holder, await source.read(position, new AbortController().signal))
      position = applied.position ?? position
      return Array.from(store, ({ principal }) => principal).sort()
    },
  }
}

describe("several processes on one PostgreSQL database", () => {
  it("make its schema once when they start together", async () => {
    const databases = Array.from({ length: 6 }, () => opened().database)
    const written = await Promise.all(databases.map((database, at) => grant(database, `p${at}`)))
    expect(new Set(written.map(({ revision }) => revision.epoch)).size).toBe(1)
    expect(numberingFaults(await contentsOf(databases[0] ?? opened().database))).toEqual([])
  })

  it("write one after the other: a reader sees no revision before all earlier ones", async () => {
    const [slow, fast, watcher] = [opened().database, opened().database, reader(opened())]
    const { revision: first } = await grant(slow, "ann")
    expect(await watcher.catchUp()).toEqual(["ann"])
    const [noted, released] = [gate(), gate()]
    const slowly = slow.write(async (transaction) => {
      await grantBindings(transaction, "test", [viewer("slow")])
      noted.open()
      await released.opened
      return transaction.revision().sequence
    })
    await noted.opened
    let done = false
    const fastly = grant(fast, "fast").finally(() => (done = true))
    const client = await operator()
    await vi.waitFor(async () => {
      const waiting = await client.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      expect(waiting.rowCount).toBe(1)
    })
    expect(await watcher.catchUp()).toEqual(["ann"])
    expect(done).toBe(false)
    released.open()
    expect([(await slowly).revision.sequence, (await fastly).revision.sequence]).toEqual([first.sequence + 1, first.sequence + 2])
    expect(await watcher.catchUp()).toEqual(["ann", "fast", "slow"])
  })

  it("can read while writers wait for another process, however many wait", async () => {
    const [slow, { database }] = [opened().database, opened()]
    await grant(slow, "ann")
    const [noted, released] = [gate(), gate()]
    const slowly = slow.write(async (transaction) => {
      await transaction.journal()
      noted.open()
      await released.opened
    })
    await noted.opened
    const waiting = Array.from({ length: 30 }, (_, at) => grant(database, `p${at}`))
    expect((await contentsOf(database)).bindings).toEqual(["ann ml Viewer"])
    released.open()
    await Promise.all([slowly, ...waiting])
    expect((await contentsOf(database)).bindings).toHaveLength(31)
  })

  it("limit how long a writer waits for another, and how long one may stand still, and leave the connection as it was", async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    pool.on("error", () => undefined)
    const database = postgresDatabase({ pool })
    onTestFinished(async () => {
      await database.close()
      await pool.end()
    })
    const limits = "SELECT current_setting('lock_timeout') AS wait, current_setting('idle_in_transaction_session_timeout') AS still"
    const before = (await pool.query(limits)).rows
    expect((await database.write((transaction) => transaction.all(limits))).value).toEqual([{ wait: "10s", still: "30s" }])
    expect((await pool.query(limits)).rows).toEqual(before)
  })

  it("never show a reader a gap, however they write", async () => {
    const writers = Array.from({ length: 4 }, () => opened().database)
    const watcher = reader(opened())
    let writing = true
    const writes = Promise.all(
      writers.map(async (database, at) => {
        for (let round = 0; round < 40; round++) {
          if (round % 3 === 2)
            await database.write((transaction) => revokeBindings(transaction, "test", [roleBindingName(viewer(`p${at}-${round - 1}`))]))
          else await grant(database, `p${at}-${round}`, `all-${round}`)
        }
      }),
    ).finally(() => (writing = false))
    const source = opened()
    while (writing) {
      const seen = await watcher.catchUp()
      const { journal } = await contentsOf(source.database)
      const upTo = Number(watcher.revisions.at(-1)?.split(".")[1] ?? 0)
      const then = replayed({ sequence: upTo, bindings: [], journal: journal.filter(({ revision }) => Number(revision) <= upTo) })
      expect(seen.map((principal) => `${principal} ml Viewer`)).toEqual(then)
    }
    await writes
    const contents = await contentsOf(source.database)
    expect((await watcher.catchUp()).map((principal) => `${principal} ml Viewer`)).toEqual(contents.bindings)
    expect(numberingFaults(contents)).toEqual([])
    expect(replayed(contents)).toEqual(contents.bindings)
  })

  it("decide on each other's writes as soon as these are pushed, each PDP at every revision", async () => {
    const pdps = await Promise.all(Array.from({ length: 4 }, () => pdpOn({ refreshSeconds: 3_600 })))
    const writers = [opened().database, opened().database]
    for (let round = 0; round < 15; round++) {
      const written = await Promise.all(writers.map((database, at) => grant(database, `p${at}-${round}`)))
      await Promise.all(pdps.flatMap((pdp) => written.map(({ revision }) => pdp.atLeast(formatRevision(revision), { timeoutMs: 5_000 }))))
      for (const pdp of pdps) expect([isViewer(pdp, `p0-${round}`), isViewer(pdp, `p1-${round}`)]).toEqual([true, true])
    }
    await writers[0]?.write((transaction) => revokeBindings(transaction, "test", [roleBindingName(viewer("p0-0"))]))
    const head = formatRevision((await writers[0]?.write(async () => undefined))?.revision ?? { epoch: "00000000", sequence: 0 })
    await Promise.all(pdps.map((pdp) => pdp.atLeast(head)))
    expect(pdps.map((pdp) => [pdp.revision(), isViewer(pdp, "p0-0"), [...pdp.snapshot().bindings].length])).toEqual(pdps.map(() => [head, false, 29]))
  })

  it("know at each what the others decide by: new authorization data get a revision", async () => {
    const roles = { version: 1, roles: { Reader: { permissions: ["docs.read"] } }, endpoints: { "/docs": { get: { permissions: ["docs.read"] } } } }
    const first = await pdpOn()
    const other = await pdpOn({ authorizationData: roles })
    const { journal } = await contentsOf(opened().database)
    expect(journal.map(({ action, actor }) => `${String(action)} by ${String(actor)}`)).toEqual(
      Array(2).fill("authorization_data.activated by system:pdp"),
    )
    for (const [at, pdp] of [first, other].entries()) expect(journal[at]?.["name"]).toContain(pdp.status().authorizationData.digest)
    await Promise.all([first, other].map((pdp) => pdp.atLeast(pdp.revision().replace(/[0-9]+$/, "2"))))
    expect(first.revision()).toBe(other.revision())
  })
})

describe("a listener whose connection is lost", () => {
  it("connects anew, and catches up with what was pushed meanwhile", async () => {
    const retries: { readonly ms: number; readonly run: () => void }[] = []
    const source = opened({
      after: (ms, run) => {
        retries.push({ ms, run })
        return () => undefined
      },
    })
    const watcher = reader(source)
    await watcher.catchUp()
    let news = 0
    source.subscribe?.(() => news++)
    await vi.waitFor(() => expect(news).toBe(1))
    const client = await operator()
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN portcullis'")
    await vi.waitFor(() => expect(retries.map(({ ms }) => ms)).toEqual([100]))
    await grant(opened().database, "missed")
    // The loss itself is news: whoever reads now finds out.
    expect([news, await watcher.catchUp()]).toEqual([2, ["missed"]])
    retries[0]?.run()
    await vi.waitFor(() => expect(news).toBe(3))
    await grant(opened().database, "pushed")
    await vi.waitFor(() => expect(news).toBe(4))
    expect([await watcher.catchUp(), retries.length]).toEqual([["missed", "pushed"], 1])
  })
})

describe("connections that are killed under load", () => {
  it("fail some writes with a coded error, lose none that was acknowledged, and nothing afterwards", async () => {
    const { database } = opened()
    const pdp = await pdpOn({ refreshSeconds: 0.2 })
    await pdp.atLeast(formatRevision((await grant(database, "first")).revision))
    const client = await operator()
    const acknowledged: string[] = []
    let failures = 0
    let kills = 0
    const writers = Array.from({ length: 5 }, async (_, writer) => {
      for (let round = 0; kills < 8; round++) {
        const principal = `p${writer}-${round}`
        try {
          await grant(database, principal)
          acknowledged.push(principal)
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
          failures++
        }
      }
    })
    while (kills < 8) {
      const before = acknowledged.length
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + 10), { interval: 1, timeout: 10_000 })
      await client.query(others)
      kills++
      expect(isViewer(pdp, "first")).toBe(true)
    }
    await Promise.all(writers)
    expect(failures).toBeGreaterThan(0)
    const { revision } = await vi.waitFor(() => grant(database, "last"))
    await pdp.atLeast(formatRevision(revision))
    const contents = await contentsOf(database)
    expect(numberingFaults(contents)).toEqual([])
    expect(replayed(contents)).toEqual(contents.bindings)
    for (const principal of ["first", ...acknowledged, "last"]) {
      expect(contents.bindings).toContain(`${principal} ml Viewer`)
      expect(isViewer(pdp, principal)).toBe(true)
    }
  })
})

describe("a server that is stopped", () => {
  it("and restarted under load keeps nobody from deciding; then writes work, and the PDP catches up by push", async () => {
    const pdp = await pdpOn({ refreshSeconds: 3_600 })
    const { database } = opened()
    await pdp.atLeast(formatRevision((await grant(database, "ann")).revision))
    let load = true
    let decisions = 0
    const deciding = (async () => {
      for (; load; await nextTurn()) {
        expect([isViewer(pdp, "ann"), isViewer(pdp, "nobody")]).toEqual([true, false])
        decisions++
      }
    })()
    const outcomes = new Set<string>()
    const acknowledged: string[] = []
    const writing = (async () => {
      for (let round = 0; load; round++) {
        const outcome = await grant(database, `p${round}`).then(
          () => "done",
          (thrown: unknown) => (thrown instanceof PdpError ? thrown.code : String(thrown)),
        )
        if (outcome === "done") acknowledged.push(`p${round}`)
        outcomes.add(outcome)
        await nextTurn()
      }
    })()
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(5))
    onTestFinished(() => postgres.start())
    await postgres.stop()
    await vi.waitFor(() => expect(outcomes).toContain("ERR_SOURCE_UNAVAILABLE"))
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(pdp.status()).toMatchObject({ ready: true, sources: [{ failing: { message: expect.stringContaining("check that it runs") } }] })
    const [decided, written] = [decisions, acknowledged.length]
    await vi.waitFor(() => expect(decisions).toBeGreaterThan(decided + 20))
    await postgres.start()
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(written + 5), { timeout: 10_000 })
    load = false
    await Promise.all([deciding, writing])
    const { revision } = await grant(database, "late")
    await pdp.atLeast(formatRevision(revision))
    for (const principal of ["ann", "late", ...acknowledged]) expect(isViewer(pdp, principal)).toBe(true)
    await vi.waitFor(() => expect(pdp.status().sources[0]).not.toHaveProperty("failing"))
    expect(numberingFaults(await contentsOf(database))).toEqual([])
    expect([...outcomes].sort()).toEqual(["ERR_SOURCE_UNAVAILABLE", "done"])
  })

  it("at the start leaves the PDP not ready, and starting it makes it decide", async () => {
    await grant(opened().database, "ann")
    onTestFinished(() => postgres.start())
    await postgres.stop()
    const pdp = await pdpOn({ refreshSeconds: 3_600 })
    expect(() => isViewer(pdp, "ann")).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    await postgres.start()
    await vi.waitFor(() => expect(isViewer(pdp, "ann")).toBe(true), { timeout: 10_000 })
  })
})

describe("a pool of the host's own", () => {
  it("is used and stays open, with all its clients back, when the database is closed", async () => {
    const pool = new pg.Pool({ connectionString: url, max: 3 })
    pool.on("error", () => undefined)
    onTestFinished(() => pool.end())
    const source = postgresSource({ pool })
    let news = 0
    source.subscribe?.(() => news++)
    await grant(source.database, "ann")
    await vi.waitFor(() => expect(news).toBeGreaterThan(1))
    await source.close()
    await vi.waitFor(() => expect(pool.totalCount).toBe(pool.idleCount))
    expect((await pool.query("SELECT principal FROM portcullis_role_bindings")).rows).toEqual([{ principal: "ann" }])
    await expect(grant(source.database, "ben")).rejects.toMatchObject({ code: "ERR_CLOSED" })
  })

  it("that has ended makes a coded error", async () => {
    const pool = new pg.Pool({ connectionString: url })
    pool.on("error", () => undefined)
    await pool.end()
    const database = postgresDatabase({ pool })
    await expect(database.open()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE", message: expect.stringMatching(/^postgres: /) })
  })

  it("whose clients parse numbers in their own way makes no difference", async () => {
    const pool = new pg.Pool({ connectionString: url, types: { getTypeParser: () => (text: string) => `<${text}>` } })
    pool.on("error", () => undefined)
    const source = postgresSource({ pool })
    onTestFinished(async () => {
      await source.close()
      await pool.end()
    })
    expect((await grant(source.database, "ann")).revision.sequence).toBe(1)
    expect(await reader(source).catchUp()).toEqual(["ann"])
  })
})

describe("what is wrong with a connection", () => {
  it.each([["mysql://root:s3cret@127.0.0.1/db"], ["127.0.0.1:5432/s3cret"], ["postgres//root:s3cret@db"], [""]])(
    "is said of the URL %j, without a password",
    (wrong) => {
      const create = () => postgresDatabase({ url: wrong })
      expect(create).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.not.stringContaining("s3cret") }))
    },
  )

  it("is said of a URL beside a pool, and of neither", () => {
    const both = () => postgresDatabase({ url, pool: new pg.Pool() })
    expect(both).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
    expect(() => postgresDatabase({})).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it.each([
    ["a wrong password", () => url.replace("postgres:postgres@", "postgres:s3cret@"), /password authentication failed/],
    ["a user that is not there", () => url.replace("postgres:postgres@", "mallory:s3cret@"), /failed for user "mallory"/],
    ["a database that is not there", () => `${url.replace("postgres:postgres@", "postgres:postgres@")}_s3cret_not`, /does not exist/],
    ["a password that is no URL text", () => url.replace("postgres:postgres@", "postgres:s3cret%zz@"), /./],
    ["a certificate that is not there", () => `${url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`, /\/nowhere\/ca\.pem/],
  ])("is said of %s, in a coded error that hides the password", async (_, wrong, message) => {
    const database = postgresDatabase({ url: wrong() })
    onTestFinished(() => database.close())
    const thrown = await database.open().catch((error: unknown) => error)
    expect(thrown).toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE", message: expect.stringMatching(message) })
    expect(database.name).not.toMatch(/postgres:|s3cret@|s3cret%/)
    if (!wrong().includes("s3cret_not")) expect(String(thrown)).not.toContain("s3cret")
  })

  it("is said of a port on which nobody listens, and of a name that nobody has", async () => {
    const port = await freePort()
    for (const wrong of [`postgres://u:s3cret@127.0.0.1:${port}/db`, "postgres://u:s3cret@nowhere.invalid/db"]) {
      const database = postgresDatabase({ url: wrong })
      await expect(database.open()).rejects.toMatchObject({
        code: "ERR_SOURCE_UNAVAILABLE",
        message: expect.stringMatching(/^postgres (127\.0\.0\.1:\d+|nowhere\.invalid)\/db: .*check that it runs/),
      })
      await database.close()
    }
  })

  it("is said of a user without rights, and mended by giving them", async () => {
    const client = await operator()
    await client.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    await client.query(`CREATE ROLE poor LOGIN PASSWORD 's3cret'`)
    const database = postgresDatabase({ url: url.replace("postgres:postgres@", "poor:s3cret@") })
    onTestFinished(() => database.close())
    await expect(database.open()).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringMatching(/permission denied for schema public; .*rights of its user/),
    })
    await client.query("GRANT ALL ON SCHEMA public TO poor")
    await database.open()
  })

  it("is nothing for a user who may only use the tables that are there", async () => {
    await opened().database.open()
    const client = await operator()
    await client.query("CREATE ROLE modest LOGIN PASSWORD 's3cret'")
    await client.query("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO modest")
    const database = postgresDatabase({ url: url.replace("postgres:postgres@", "modest:s3cret@") })
    onTestFinished(() => database.close())
    expect((await grant(database, "ann")).revision.sequence).toBe(1)
  })

  it("is said when the package pg is not installed", async () => {
    vi.doMock("pg", () => {
      throw new Error("Cannot find package 'pg'")
    })
    onTestFinished(() => vi.doUnmock("pg"))
    await expect(postgresDatabase({ url }).open()).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
      message: expect.stringMatching(/npm install pg/),
    })
  })
})

/** Closed when the test ends. */
async function pdpOn(options: Partial<Parameters<typeof createPdp>[0]> = {}): Promise<Pdp> {
  const pdp = await createPdp({ source: postgresSource({ url }), ...options })
  onTestFinished(() => pdp.close())
  return pdp
}

function isViewer(pdp: Pdp, id: string): boolean {
  return pdp.hasRole({ principal: { id }, workspace: "ml", role: "Viewer" }).allowed
}
