import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { grantBindings, revokeBindings, roleBindingName, type Database, type WriteTransaction } from "../../src/database/index.js"
import type { RoleBinding } from "../../src/model/role-binding.js"
import { contentsOf, numberingFaults, postgresPlace, replayed, sqlitePlace, type TestDatabase } from "../fixtures/databases.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())

const viewer = (principal: string): RoleBinding => ({ principal, workspace: "ml", role: "Viewer" })
const grant = (database: Database, ...bindings: readonly RoleBinding[]) =>
  database.write((transaction) => grantBindings(transaction, "test", bindings))

describe.each([
  { name: "SQLite", create: async () => sqlitePlace() },
  { name: "PostgreSQL", create: () => postgresPlace(postgres) },
])("a database on $name", ({ name, create }) => {
  let place: TestDatabase
  let database: Database
  beforeEach(async () => {
    place = await create()
    ;({ database } = place.source())
  })
  afterEach(() => place.cleanUp())

  describe("its schema", () => {
    it("is made when there is none, and left alone when there is", async () => {
      const { revision } = await grant(database, viewer("ann"))
      await database.close()
      const again = place.source().database
      await again.open()
      await again.open()
      expect(await contentsOf(again)).toMatchObject({ sequence: 1, bindings: ["ann ml Viewer"] })
      expect((await grant(again, viewer("ben"))).revision).toEqual({ epoch: revision.epoch, sequence: 2 })
    })

    it("of an older Portcullis is brought up to date, and keeps what it holds", async () => {
      const { revision } = await grant(database, viewer("ann"))
      await database.write(async (transaction) => {
        await transaction.all("DROP TABLE portcullis_processes")
        await transaction.all("UPDATE portcullis_meta SET schema_version = 1")
      })
      await database.close()
      const again = place.source().database
      await again.open()
      expect(await again.read((sql) => sql.all("SELECT id FROM portcullis_processes"))).toEqual([])
      expect(await contentsOf(again)).toMatchObject({ sequence: revision.sequence, bindings: ["ann ml Viewer"] })
    })

    it("of a newer Portcullis is refused by name, and stays as it is", async () => {
      await database.write((transaction) => transaction.all("UPDATE portcullis_meta SET schema_version = 99"))
      await database.close()
      const again = place.source().database
      for (let attempt = 0; attempt < 2; attempt++)
        await expect(again.open()).rejects.toMatchObject({
          name: "PdpError",
          code: "ERR_SOURCE_UNAVAILABLE",
          message: expect.stringMatching(/^(sqlite|postgres) \S+ has schema 99, .* run a newer Portcullis on it$/),
        })
      await expect(grant(again, viewer("ann"))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    })

    it("is made once by many calls at once", async () => {
      const heads = await Promise.all(Array.from({ length: 8 }, (_, at) => grant(database, viewer(`p${at}`))))
      expect(heads.map(({ revision }) => revision.sequence).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    })
  })

  describe("a write", () => {
    it("that throws leaves nothing, and passes on what was thrown", async () => {
      await grant(database, viewer("ann"))
      const before = await contentsOf(database)
      const thrown = new TypeError("changed my mind")
      const failing = database.write(async (transaction) => {
        await grantBindings(transaction, "test", [viewer("ben")])
        await revokeBindings(transaction, "test", [roleBindingName(viewer("ann"))])
        await transaction.journal({ actor: "test", action: "workspace.created", workspace: "ml" })
        throw thrown
      })
      await expect(failing).rejects.toBe(thrown)
      expect(await contentsOf(database)).toEqual(before)
    })

    it("with a statement that cannot be done leaves nothing, is coded, and the next one works", async () => {
      await grant(database, viewer("ann"))
      const failing = database.write(async (transaction) => {
        await grantBindings(transaction, "test", [viewer("ben")])
        await transaction.all("SELECT nothing FROM nowhere")
      })
      await expect(failing).rejects.toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
      expect((await grant(database, viewer("eve"))).revision.sequence).toBe(2)
      expect((await contentsOf(database)).bindings).toEqual(["ann ml Viewer", "eve ml Viewer"])
    })

    it("that notes nothing has no revision, and answers the last one", async () => {
      const { revision } = await grant(database, viewer("ann"))
      expect(await database.write(async () => "idle")).toEqual({ value: "idle", revision })
      expect(await grant(database, viewer("ann"))).toEqual({ value: [], revision })
      expect(await database.write((transaction) => transaction.journal())).toMatchObject({ revision })
      expect(numberingFaults(await contentsOf(database))).toEqual([])
    })

    it("knows its revision from the first note on, and before that the last one", async () => {
      await grant(database, viewer("ann"))
      const seen: number[] = []
      const { revision } = await database.write(async (transaction) => {
        seen.push(transaction.revision().sequence)
        await transaction.journal()
        seen.push(transaction.revision().sequence)
        await grantBindings(transaction, "test", [viewer("ben")])
        seen.push(transaction.revision().sequence)
      })
      expect([...seen, revision.sequence]).toEqual([1, 1, 2, 2])
    })

    it("gives each of its notes an ordinal, in their order, also when some are made at once", async () => {
      const note = (transaction: WriteTransaction, ...names: readonly string[]) =>
        transaction.journal(...names.map((workspace) => ({ actor: "test", action: "workspace.created" as const, workspace })))
      await database.write(async (transaction) => {
        await Promise.all([note(transaction, "a", "b"), note(transaction, "c"), note(transaction)])
        await note(transaction, ...Array.from({ length: 1_100 }, (_, at) => `w${at}`))
      })
      const contents = await contentsOf(database)
      expect(numberingFaults(contents)).toEqual([])
      expect(contents.journal.map(({ workspace }) => workspace)).toEqual(["a", "b", "c", ...Array.from({ length: 1_100 }, (_, at) => `w${at}`)])
    })

    it("has the time of its beginning", async () => {
      await database.close()
      const timed = place.source({ now: () => 1_893_499_200_123 }).database
      await timed.write(async (transaction) => {
        expect(transaction.now).toBe(1_893_499_200_123)
        await grantBindings(transaction, "test", [viewer("ann")])
      })
      expect((await contentsOf(timed)).journal).toMatchObject([{ at: 1_893_499_200_123, actor: "test", principal: "ann" }])
    })

    it("by 50 writers at once gets revisions without a gap, in the order of the journal", async () => {
      const written = await Promise.all(
        Array.from({ length: 50 }, async (_, writer) => {
          const own: number[] = []
          for (let round = 0; round < 4; round++) {
            const { revision } = await grant(database, viewer(`p${writer}`), viewer(`r${round}`))
            own.push(revision.sequence)
          }
          return own
        }),
      )
      for (const own of written) expect(own).toEqual([...own].sort((a, b) => a - b))
      const contents = await contentsOf(database)
      expect(numberingFaults(contents)).toEqual([])
      expect(replayed(contents)).toEqual(contents.bindings)
      expect(contents.bindings).toHaveLength(54)
    })

    it("is told to those who subscribe, once they can see it, and not when it notes nothing", async () => {
      let seen = -1
      const told = new Promise<void>((resolve) => {
        database.subscribe(() => {
          void contentsOf(database).then(({ sequence }) => {
            seen = sequence
            if (seen > 0) resolve()
          })
        })
      })
      await database.write(async () => undefined)
      await grant(database, viewer("ann"))
      await told
      expect(seen).toBe(1)
    })
  })

  describe("granting and revoking", () => {
    it("say what has changed, and change nothing the second time", async () => {
      const bindings = [viewer("ann"), viewer("ben")]
      const names = bindings.map(roleBindingName)
      expect((await grant(database, ...bindings)).value.map(({ principal }) => principal).sort()).toEqual(["ann", "ben"])
      expect((await grant(database, ...bindings)).value).toEqual([])
      const revoke = () => database.write((transaction) => revokeBindings(transaction, "eve", names))
      expect((await revoke()).value.map(({ revokedBy }) => revokedBy)).toEqual(["eve", "eve"])
      expect((await revoke()).value).toEqual([])
      expect((await contentsOf(database)).sequence).toBe(2)
    })

    it("bring back what was revoked, as granted anew", async () => {
      await grant(database, viewer("ann"))
      await database.write((transaction) => revokeBindings(transaction, "test", [roleBindingName(viewer("ann"))]))
      const { value } = await database.write((transaction) => grantBindings(transaction, "eve", [viewer("ann")]))
      expect(value).toMatchObject([{ grantedBy: "eve", revokedAt: null, revokedBy: null, expiresAt: null }])
    })

    it("take of a binding that is named twice the last", async () => {
      const expiresAt = Date.parse("2040-01-31T12:00:00Z")
      const { value } = await grant(database, viewer("ann"), viewer("ben"), { ...viewer("ann"), expires_at: new Date(expiresAt).toISOString() })
      expect(value.map(({ principal, expiresAt: at }) => `${principal} ${at}`).sort()).toEqual([`ann ${expiresAt}`, "ben null"])
      expect(numberingFaults(await contentsOf(database))).toEqual([])
    })

    it.each([
      ["principal", { ...viewer("x"), principal: "p".repeat(321) }],
      ["workspace", { ...viewer("x"), workspace: "-" }],
      ["role", { ...viewer("x"), role: "" }],
      ["expires_at", { ...viewer("x"), expires_at: "tomorrow" }],
    ])("refuse a binding whose %s no reader would take, with all the others", async (part, binding) => {
      await expect(grant(database, viewer("ann"), binding)).rejects.toMatchObject({
        code: "ERR_INPUT_INVALID",
        message: expect.stringContaining(part),
      })
      expect(await contentsOf(database)).toMatchObject({ sequence: 0, bindings: [], journal: [] })
    })

    it("hold thousands in one transaction, in one revision", async () => {
      const bindings = Array.from({ length: 1_700 }, (_, at) => viewer(`p${at}`))
      await grant(database, ...bindings)
      await database.write((transaction) => revokeBindings(transaction, "test", bindings.slice(100).map(roleBindingName)))
      const contents = await contentsOf(database)
      expect([contents.sequence, contents.bindings.length, contents.journal.length]).toEqual([2, 100, 3_300])
      expect(numberingFaults(contents)).toEqual([])
      expect(replayed(contents)).toEqual(contents.bindings)
    })

    it("keep quotes, percent signs, question marks and other alphabets", async () => {
      const names = ["o'neil", "100%", "what?", "$1", "Zoë 日本 😀", 'a"b', "a\\b", "--", "/* x */"]
      await grant(database, ...names.map(viewer))
      expect((await contentsOf(database)).bindings).toEqual(names.map((one) => `${one} ml Viewer`).sort())
    })
  })

  describe("a read", () => {
    it("that cannot be done is coded, and the next one works", async () => {
      await grant(database, viewer("ann"))
      await expect(database.read((sql) => sql.all("SELECT nothing FROM nowhere"))).rejects.toMatchObject({
        name: "PdpError",
        code: "ERR_SOURCE_UNAVAILABLE",
        message: expect.stringContaining(name === "SQLite" ? place.place : "postgres 127.0.0.1:"),
      })
      expect((await contentsOf(database)).sequence).toBe(1)
    })

    it("passes on what its work throws", async () => {
      const thrown = new TypeError("not what I looked for")
      await expect(database.read(() => Promise.reject(thrown))).rejects.toBe(thrown)
    })

    it("of one state does not see what is committed meanwhile", async () => {
      await grant(database, viewer("ann"))
      let writing: Promise<unknown> = Promise.resolve()
      const counts = await database.readOneState(async (sql) => {
        const count = async () => (await sql.all("SELECT count(*) AS n FROM portcullis_role_bindings"))[0]?.["n"]
        const before = await count()
        writing = grant(database, viewer("ben"))
        if (name === "PostgreSQL") await writing
        return [before, await count()]
      })
      await writing
      expect(counts).toEqual([1, 1])
      expect((await contentsOf(database)).bindings).toHaveLength(2)
    })
  })

  describe("once closed", () => {
    it("rejects everything, and can be closed again", async () => {
      await database.open()
      await Promise.all([database.close(), database.close()])
      await database.close()
      await expect(database.read(async () => 1)).rejects.toMatchObject({ code: "ERR_CLOSED" })
      await expect(grant(database, viewer("ann"))).rejects.toMatchObject({ code: "ERR_CLOSED" })
      database.subscribe(() => undefined)()
    })

    it("has finished what was under way", async () => {
      const writing = grant(database, viewer("ann"))
      await database.open()
      const second = grant(database, viewer("ben"))
      await Promise.allSettled([writing, second, database.close()])
      const again = place.source().database
      const contents = await contentsOf(again)
      const done = (await Promise.allSettled([writing, second])).filter(({ status }) => status === "fulfilled").length
      expect(contents.sequence).toBe(done)
    })

    it("while it opens, leaves it free for the next", async () => {
      const opening = database.open()
      await database.close()
      await opening.catch((thrown: unknown) => expect(thrown).toMatchObject({ code: "ERR_CLOSED" }))
      await place.source().database.open()
    })
  })
})
