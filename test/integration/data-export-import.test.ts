import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { exportData, importData, importFile } from "../../src/administration/index.js"
import { postgresDatabase, sqliteDatabase, type Database } from "../../src/database/index.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"
import { run, type CommandResult } from "../fixtures/terminal.js"

let folder: string
let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-export-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const day = {
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-02T00:00:00.000Z",
  created_by: "ann@example.com",
  updated_by: "ben@example.com",
}
const team = { workspace: { id: "w-1", name: "ml-team", description: "Models", ...day } }
const ann = {
  binding: { principal: "ann@example.com", workspace: "ml-team", role: "Admin", granted_by: "system:seed", granted_at: "2026-01-01T00:00:00.000Z" },
}
const ben = {
  binding: { ...ann.binding, principal: "ben@example.com", role: "Viewer", expires_at: "2099-01-31T12:00:00.000Z" },
}
const gone = { binding: { ...ann.binding, principal: "eve@example.com", revoked_by: "ann@example.com", revoked_at: "2026-01-03T00:00:00.000Z" } }
const entity = (type: string, name: string, at: string) => ({
  entity: { workspace: "ml-team", entity_type: type, name, id: `e-${name}`, data: { size: 1 }, db_version: 3, ...day, created_at: at },
})
const project = entity("project", "p1", "2026-01-01T00:00:00.000Z")
const dataset = entity("dataset", "d1", "2026-01-01T00:00:01.000Z")

function path(name: string): string {
  return join(folder, name)
}

function written(name: string, content: string | readonly object[]): string {
  writeFileSync(path(name), typeof content === "string" ? content : content.map((line) => `${JSON.stringify(line)}\n`).join(""))
  return path(name)
}

function whole(...rows: readonly object[]): readonly object[] {
  const count = (kind: string): number => rows.filter((row) => kind in row).length
  const counts = { workspaces: count("workspace"), bindings: count("binding"), entities: count("entity") }
  return [{ portcullis_export: 1, at: "2026-01-05T00:00:00.000Z", revision: "0a0b0c0d.9" }, ...rows, { portcullis_export_end: counts }]
}

function into(database: string, ...args: readonly string[]): Promise<CommandResult> {
  return run(["data", "import", "--store", database, ...args], { workingFolder: folder })
}

function outOf(database: string, ...args: readonly string[]): Promise<CommandResult> {
  return run(["data", "export", "--store", database, ...args], { workingFolder: folder })
}

/** An export without its first line, which says when it was made. */
function rowsOf({ out }: CommandResult): readonly unknown[] {
  return out
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line): unknown => JSON.parse(line))
}

const stores = [
  ["SQLite", async () => `sqlite:${path("portcullis.db")}`],
  ["PostgreSQL", () => postgres.database()],
] as const

describe.each(stores)("an export into %s", (_, newStore) => {
  it("takes over workspaces that share an id, since they are told apart by name", async () => {
    const twin = { workspace: { ...team.workspace, name: "ml-twin" } }
    const store = await newStore()
    expect(await into(store, written("twins.ndjson", whole(team, twin, ann)))).toMatchObject({ code: 0 })
    expect(rowsOf(await outOf(store))).toEqual(expect.arrayContaining([team, twin, ann]))
  })

  it("leaves the end and the author of a binding that is there", async () => {
    const store = await newStore()
    const brief = { binding: { ...ann.binding, granted_by: "somebody", expires_at: "2030-01-01T00:00:00.000Z" } }
    await into(store, written("first.ndjson", whole(team, ann)))
    await into(store, written("second.ndjson", whole(brief)))
    expect(rowsOf(await outOf(store))).toContainEqual(ann)
  })

  it("comes out as it went in, and importing it again changes nothing", async () => {
    const file = written("in.ndjson", whole(team, ann, ben, gone, project, dataset))
    const store = await newStore()
    const first = await into(store, file, "-o", "json")
    expect({ code: first.code, answer: JSON.parse(first.out) }).toMatchObject({
      code: 0,
      answer: { workspaces: { added: 1, present: 0 }, role_bindings: { added: 3, present: 0 }, entities: { added: 2, present: 0 }, dry_run: false },
    })
    const exported = await outOf(store)
    const rows = rowsOf(exported)
    expect(rows).toHaveLength(7)
    expect(rows).toEqual(expect.arrayContaining([team, ann, ben, gone]))
    expect(rows.slice(4)).toEqual([project, dataset, { portcullis_export_end: { workspaces: 1, bindings: 3, entities: 2 } }])
    const again = await into(store, file, "-o", "json")
    expect(JSON.parse(again.out)).toMatchObject({
      revision: JSON.parse(first.out).revision,
      workspaces: { added: 0, present: 1 },
      role_bindings: { added: 0, present: 3 },
      entities: { added: 0, present: 2 },
    })
    expect((await outOf(store)).out.split("\n").slice(1)).toEqual(exported.out.split("\n").slice(1))
  })
})

describe("data export", () => {
  it("leaves revoked bindings out when only active ones are wanted", async () => {
    await into("sqlite:a.db", written("in.ndjson", whole(team, ann, gone)))
    const { code, out, err } = await outOf("sqlite:a.db", "--active-only")
    expect(code).toBe(0)
    expect(JSON.parse(out.split("\n")[0] ?? "")).toEqual({
      portcullis_export: 1,
      at: expect.any(String),
      revision: expect.stringMatching(/^[0-9a-f]{8}\.1$/),
    })
    expect(rowsOf({ code, out, err })).toEqual([team, ann, { portcullis_export_end: { workspaces: 1, bindings: 1, entities: 0 } }])
    expect(err).toMatch(/^1 workspaces, 1 role bindings and 0 entities exported at revision [0-9a-f]{8}\.1\n$/)
  })

  it("writes a file that only its owner may read, and nothing to standard output", async () => {
    await into("sqlite:a.db", written("in.ndjson", whole(team, ann)))
    expect(await outOf("sqlite:a.db", "backup.ndjson")).toMatchObject({ code: 0, out: "" })
    expect(statSync(path("backup.ndjson")).mode & 0o777).toBe(0o600)
    expect(await into("sqlite:b.db", "backup.ndjson")).toMatchObject({ code: 0 })
    expect(existsSync(path("backup.ndjson.part"))).toBe(false)
  })

  it("does not make a database that is not there", async () => {
    const { code, out, err } = await outOf("sqlite:typo.db")
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain("typo.db")
    expect(existsSync(path("typo.db"))).toBe(false)
  })

  it("names the process that uses the file, and what to do", async () => {
    const used = sqliteDatabase({ path: path("a.db") })
    await used.open()
    const { code, out, err } = await outOf("sqlite:a.db")
    await used.close()
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toMatch(new RegExp(`is used by process ${process.pid}; stop it`))
  })

  it("is one state, whoever writes meanwhile", async () => {
    const url = await postgres.database()
    await into(url, written("in.ndjson", whole(team, ann)))
    const database = postgresDatabase({ url })
    let lines = ""
    let others = 0
    await exportData(database, {
      write: async (text) => {
        lines += text
        // Would be seen by the statements that follow, were it not one state.
        if (others++ === 0)
          await into(url, written("more.ndjson", whole(ben, project, { workspace: { ...team.workspace, id: "w-2", name: "other" } })))
      },
    })
    await database.close()
    expect(others).toBeGreaterThan(1)
    expect(
      lines
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([team, ann, { portcullis_export_end: { workspaces: 1, bindings: 1, entities: 0 } }])
  })

  it.each([
    ["sqlite:", 2],
    ["mysql://x/y", 2],
  ])("refuses --store %s", async (store, code) => {
    expect(await outOf(store)).toMatchObject({ code, out: "" })
  })

  it("refuses a configuration that names no database", async () => {
    const config = written("portcullis.yaml", "store: { source: memory }\n")
    const { code, err } = await run(["data", "export", "--config", config])
    expect(code).toBe(78)
    expect(err).toContain("--store sqlite:PATH")
  })

  it("takes the database of the configuration", async () => {
    const config = written("portcullis.yaml", "store: { source: sqlite, path: a.db }\n")
    await into("sqlite:a.db", written("in.ndjson", whole(team)))
    expect(rowsOf(await run(["data", "export", "--config", config]))).toHaveLength(2)
  })
})

describe("data import", () => {
  it("takes bindings files, makes the workspaces that they name, and can be repeated", async () => {
    const yaml = written("bindings.yaml", "version: 1\nbindings:\n  - { principal: ann@example.com, workspace: new-team, roles: [Admin, Viewer] }\n")
    const ndjson = written("bindings.ndjson", [{ principal: "ben@example.com", workspace: "new-team", role: "Editor" }])
    expect((await into("sqlite:a.db", yaml)).out).toMatch(/^ +ADDED +THERE ALREADY\nworkspaces +1 +0\nrole bindings +2 +0\nentities +0 +0\n$/)
    expect((await into("sqlite:a.db", ndjson)).out).toMatch(/workspaces +0 +1\nrole bindings +1 +0\n/)
    expect((await into("sqlite:a.db", yaml)).out).toMatch(/workspaces +0 +1\nrole bindings +0 +2\n/)
    expect(rowsOf(await outOf("sqlite:a.db"))).toEqual(
      expect.arrayContaining([
        {
          binding: {
            principal: "ben@example.com",
            workspace: "new-team",
            role: "Editor",
            granted_by: "system:import",
            granted_at: expect.any(String),
          },
        },
      ]),
    )
  })

  it("takes the principals of a reference document with its own roles, and gives groups their prefix", async () => {
    const authz = {
      roles: { Modeller: { permissions: ["models.read"] } },
      endpoints: {},
      principals: {
        "ann@example.com": { workspaces: { ml: ["Modeller"] } },
        "data-team": { workspaces: { ml: ["Modeller"] } },
        u123: { workspaces: { ml: ["Modeller"] } },
      },
    }
    const { code, err } = await into("sqlite:a.db", written("static.json", JSON.stringify({ authz })), "--groups", "data-team,absent")
    expect(code).toBe(0)
    expect(err).toContain("--groups names 'absent'")
    expect(err).toMatch(/taken for persons.*: u123; name groups/)
    expect(
      rowsOf(await outOf("sqlite:a.db"))
        .map((row) => JSON.stringify(row))
        .join(),
    ).toContain('"principal":"group:data-team"')
  })

  it("brings back what was revoked, and takes nothing away", async () => {
    await into("sqlite:a.db", written("in.ndjson", whole(team, gone)))
    const active = { binding: { ...ann.binding, principal: "eve@example.com" } }
    expect((await into("sqlite:a.db", written("back.ndjson", whole(active)))).out).toMatch(/role bindings +1 +0/)
    expect((await into("sqlite:a.db", written("in.ndjson", whole(team, gone)))).out).toMatch(/role bindings +0 +1/)
    expect(rowsOf(await outOf("sqlite:a.db"))).toContainEqual(active)
  })

  it("leaves out what has expired, and takes the last of several expiries, again and again", async () => {
    const twice = [ann, { binding: { ...ann.binding, expires_at: "2098-01-01T00:00:00.000Z" } }]
    const past = { binding: { ...ben.binding, expires_at: "2001-01-01T00:00:00.000Z" } }
    const file = written("in.ndjson", whole(team, ...twice, past))
    const first = await into("sqlite:a.db", file)
    expect(first.err).toContain("1 role binding(s) have expired")
    expect(first.out).toMatch(/role bindings +1 +1/)
    expect((await into("sqlite:a.db", file)).out).toMatch(/role bindings +0 +2/)
    expect(rowsOf(await outOf("sqlite:a.db"))).toContainEqual(twice[1])
  })

  it("refuses roles that nobody has defined, before it writes anything", async () => {
    const file = written("in.ndjson", whole(team, ann, { binding: { ...ben.binding, role: "Veiwer" } }))
    const { code, out, err } = await into("sqlite:a.db", file)
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toMatch(/'Veiwer': 1 binding\(s\), the first of 'ben@example\.com' in workspace 'ml-team'; did you mean 'Viewer'\?/)
    expect(existsSync(path("a.db"))).toBe(false)
    expect(await into("sqlite:a.db", file, "--allow-unknown-roles")).toMatchObject({ code: 0 })
  })

  it("knows the roles of the authorization data that are named", async () => {
    const roles = written("roles.yaml", "version: 1\nroles:\n  Auditor: { permissions: [audit.read] }\n")
    const file = written("in.ndjson", whole(team, { binding: { ...ann.binding, role: "Auditor" } }))
    expect(await into("sqlite:a.db", file, "--data", roles)).toMatchObject({ code: 0 })
    expect(await into("sqlite:b.db", file)).toMatchObject({ code: 1 })
  })

  it("counts what would change in a dry run, and keeps nothing", async () => {
    const file = written("in.ndjson", whole(team, ann, project))
    const counted = /workspaces +1 +0\nrole bindings +1 +0\nentities +1 +0\n/
    const fresh = await into("sqlite:a.db", file, "--dry-run")
    expect(fresh).toMatchObject({ code: 0, out: expect.stringMatching(counted), err: expect.stringContaining("dry run") })
    expect(existsSync(path("a.db"))).toBe(false)
    await into("sqlite:a.db", written("other.ndjson", whole({ binding: { ...ann.binding, workspace: "other" } })))
    const before = (await outOf("sqlite:a.db")).out.split("\n").slice(1)
    expect((await into("sqlite:a.db", file, "--dry-run")).out).toMatch(counted)
    expect((await outOf("sqlite:a.db")).out.split("\n").slice(1)).toEqual(before)
  })

  it.each<[string, (lines: readonly object[]) => string | readonly object[], RegExp]>([
    ["is cut off between lines", (lines) => lines.slice(0, -1), /cut off: its last line is missing/],
    [
      "is cut off in a line",
      (lines) =>
        lines
          .map((line) => JSON.stringify(line))
          .join("\n")
          .slice(0, -20),
      /:4: the line is not one whole JSON object/,
    ],
    ["lacks a line", (lines) => lines.toSpliced(1, 1), /lines are missing/],
    ["goes on after its end", (lines) => [...lines, ann], /:5: something follows after the end/],
    [
      "is of a version to come",
      (lines) => [{ ...lines[0], portcullis_export: 2 }, ...lines.slice(1)],
      /:1: portcullis_export is none that this Portcullis knows/,
    ],
    ["names no time", (lines) => lines.with(2, { binding: { ...ann.binding, granted_at: "yesterday" } }), /:3: binding\.granted_at must be a time/],
    ["holds something else", (lines) => lines.with(2, { token: "x" }), /:3: neither workspace, binding nor entity/],
  ])("refuses an export that %s, and writes nothing", async (_, damage, words) => {
    const file = written("in.ndjson", damage(whole(team, ann)))
    const { code, out, err } = await into("sqlite:a.db", file)
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toMatch(words)
    expect(existsSync(path("a.db"))).toBe(false)
  })

  it("keeps the order in which the types of entities came", async () => {
    await into("sqlite:a.db", written("in.ndjson", whole(team, project, dataset)))
    const file = path("backup.ndjson")
    await outOf("sqlite:a.db", file)
    await into("sqlite:b.db", file)
    expect(rowsOf(await outOf("sqlite:b.db")).slice(1, 3)).toEqual([project, dataset])
  })

  it("is simply run again after it was stopped half-way", async () => {
    const rows = Array.from({ length: 12_000 }, (_, at) => ({ binding: { ...ann.binding, principal: `p${at}@example.com` } }))
    const file = await importFile(written("in.ndjson", whole(team, ...rows)))
    const database = sqliteDatabase({ path: path("a.db") })
    const stop = (step: string): void => {
      if (step === "imported") throw new Error("stopped")
    }
    await expect(importData(database, file, { onProgress: stop })).rejects.toThrow("stopped")
    expect(await countIn(database)).toBe(4_999)
    expect(await importData(database, file, {})).toMatchObject({ bindings: { added: 7_001, present: 4_999 } })
    await database.close()
  })

  it("says how far it is on a terminal only", async () => {
    const rows = Array.from({ length: 11_000 }, (_, at) => ({ principal: `p${at}@example.com`, workspace: "ml-team", role: "Viewer" }))
    const file = written("bindings.ndjson", rows)
    expect((await into("sqlite:a.db", file)).err).not.toContain("rows")
    const { err } = await run(["data", "import", "--store", "sqlite:b.db", file], { workingFolder: folder, showsProgress: true })
    expect(err).toContain("\r10000 rows checked\u001b[K")
    expect(err).toContain("\r10000 rows imported\u001b[K")
  })

  it("reads a file once checked as it was checked", async () => {
    const name = written("in.ndjson", whole(team, ann))
    const file = await importFile(name)
    const text = readFileSync(name, "utf8")
    const changed = (): void => writeFileSync(name, `${text}\n`)
    const database = sqliteDatabase({ path: path("a.db") })
    await expect(importData(database, file, { onProgress: changed })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(await countIn(database)).toBe(0)
    await database.close()
  })
})

async function countIn(database: Database): Promise<number> {
  const [row] = await database.read((sql) => sql.all("SELECT count(*) AS n FROM portcullis_role_bindings"))
  return Number(row?.["n"])
}
