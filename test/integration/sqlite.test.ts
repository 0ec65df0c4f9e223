import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { beforeEach, describe, expect, it, onTestFinished } from "vitest"
import { createPdp } from "../../src/index.js"
import { grantBindings, sqliteDatabase, type Database } from "../../src/database/index.js"
import { sqliteSource } from "../../src/source/index.js"
import { contentsOf, numberingFaults, replayed } from "../fixtures/databases.js"
import { root } from "../fixtures/sidecar.js"

const mountable = canMount()
let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-sqlite-"))
  path = join(folder, "portcullis.db")
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

/** Opens it until the test ends. */
function opened(place = path): Database {
  const database = sqliteDatabase({ path: place })
  onTestFinished(() => database.close())
  return database
}

const grant = (database: Database, ...principals: readonly string[]) =>
  database.write((transaction) =>
    grantBindings(
      transaction,
      "test",
      principals.map((principal) => ({ principal, workspace: "ml", role: "Viewer" })),
    ),
  )

describe("a SQLite file that another process uses", () => {
  it("cannot be opened: the error names the process and what to do", async () => {
    const { child } = await writer(path)
    await expect(sqliteDatabase({ path }).open()).rejects.toMatchObject({
      name: "PdpError",
      code: "ERR_SOURCE_UNAVAILABLE",
      message: `${path} is used by process ${child.pid}; stop it, or use PostgreSQL for several processes`,
    })
  })

  it("is free as soon as that process is killed, and can be opened by the one that was refused", async () => {
    const { child, lines } = await writer(path, 0, 1)
    await lines.next()
    const database = opened()
    await expect(database.open()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await killed(child)
    await database.open()
    expect((await contentsOf(database)).sequence).toBe(1)
    expect(readFileSync(`${path}.pid`, "utf8")).toBe(`${process.pid}\n`)
  })

  it("stays locked for others when somebody in the same process tries to open it, too", async () => {
    await opened().open()
    await expect(sqliteDatabase({ path }).open()).rejects.toMatchObject({ message: expect.stringContaining(`process ${process.pid};`) })
    const { lines } = await writer(path, 0, 0, "refused")
    expect((await lines.next()).value).toContain(`is used by process ${process.pid};`)
  })

  it("is free at once when it is closed, and one file again", async () => {
    const database = sqliteDatabase({ path })
    await grant(database, "ann")
    await database.close()
    expect([existsSync(`${path}-wal`), existsSync(`${path}.pid`)]).toEqual([false, false])
    const { lines } = await writer(path, 0, 1)
    expect((await lines.next()).value).toBe("done 0 2")
  })
})

describe("a SQLite file that cannot be used", () => {
  it("is made with its folder, for its owner only", async () => {
    const deep = join(folder, "a/b/portcullis.db")
    await opened(deep).open()
    expect(statSync(deep).mode & 0o777).toBe(0o600)
  })

  it("is refused when it is no database, and left as it is", async () => {
    writeFileSync(path, "This was a list of names once.\n".repeat(100))
    const before = readFileSync(path)
    await expect(opened().open()).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringMatching(/portcullis\.db: file is not a database; restore it from a backup/),
    })
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it("is refused when it is damaged, and opens when it has been restored", async () => {
    const database = sqliteDatabase({ path })
    await grant(database, "ann")
    await database.close()
    copyFileSync(path, `${path}.backup`)
    writeFileSync(path, readFileSync(path).fill(0x5a, 1_024))
    const damaged = opened()
    await expect(contentsOf(damaged)).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringMatching(/malformed; restore it from a backup/),
    })
    await damaged.close()
    copyFileSync(`${path}.backup`, path)
    expect((await contentsOf(opened())).bindings).toEqual(["ann ml Viewer"])
  })

  it("is refused when it is a folder, or in a file", async () => {
    await expect(opened(folder).open()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    writeFileSync(path, "")
    await expect(opened(join(path, "portcullis.db")).open()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it.skipIf(isRoot() && !mountable)("is refused in a read-only folder, with the remedy, and opens once it is writable", async () => {
    const { place, makeWritable } = readOnlyFolder()
    const database = opened(join(place, "portcullis.db"))
    await expect(database.open()).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringMatching(/portcullis\.db: .*; make the file and its folder writable/),
    })
    makeWritable()
    expect((await grant(database, "ann")).revision.sequence).toBe(1)
  })
})

describe("a full disk", () => {
  /** Fills the database's disk, and makes room again. */
  interface Disk {
    readonly place: string
    fill(database: Database): Promise<void>
    makeRoom(database: Database): Promise<void>
  }

  const disks: readonly { readonly name: string; readonly isThere: boolean; readonly make: () => Disk }[] = [
    {
      name: "a file system of 1 MiB",
      isThere: mountable,
      make: () => {
        mount("size=1m")
        const ballast = join(folder, "ballast")
        return {
          place: path,
          fill: async () => expect(() => writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))).toThrow("ENOSPC"),
          makeRoom: async () => rmSync(ballast),
        }
      },
    },
    {
      name: "a database that may not grow",
      isThere: true,
      make: () => ({
        place: path,
        fill: (database) => pragma(database, "max_page_count = 1"),
        makeRoom: (database) => pragma(database, "max_page_count = 1000000"),
      }),
    },
  ]
  const pragma = async (database: Database, text: string): Promise<void> => void (await database.read((sql) => sql.all(`PRAGMA ${text}`)))

  it.each(disks.filter(({ isThere }) => isThere))(
    "($name) fails writes with the remedy, while decisions go on; writes work again when there is room",
    async ({ make }) => {
      const disk = make()
      const source = sqliteSource({ path: disk.place })
      const { database } = source
      const pdp = await createPdp({ source })
      onTestFinished(() => pdp.close())
      const isViewer = (id: string) => pdp.hasRole({ principal: { id }, workspace: "ml", role: "Viewer" }).allowed
      await pdp.atLeast(`${(await grant(database, "ann")).revision.epoch}.2`)
      await disk.fill(database)
      const many = Array.from({ length: 4_000 }, (_, at) => `person-with-quite-a-long-name-${at}@example.com`)
      for (let attempt = 0; attempt < 2; attempt++)
        await expect(grant(database, "zoe", ...many)).rejects.toMatchObject({
          name: "PdpError",
          code: "ERR_SOURCE_UNAVAILABLE",
          message: expect.stringMatching(/full; make room on the disk$/),
        })
      expect([isViewer("ann"), isViewer("zoe")]).toEqual([true, false])
      await pdp.refresh()
      expect(await contentsOf(database)).toMatchObject({ sequence: 2, bindings: ["ann ml Viewer"] })
      await disk.makeRoom(database)
      const { revision } = await grant(database, "zoe")
      await pdp.atLeast(`${revision.epoch}.${revision.sequence}`)
      expect([isViewer("ann"), isViewer("zoe")]).toEqual([true, true])
      expect(numberingFaults(await contentsOf(database))).toEqual([])
    },
  )
})

describe("a process that is killed while it writes", () => {
  it("loses no write that it acknowledged, and leaves no half of one", async () => {
    const random = seeded(20_300_131)
    const acknowledged = new Map<number, number>()
    const epochs = new Set<string>()
    for (let next = 0; acknowledged.size < 200;) {
      const { child, lines } = await writer(path, next, 200)
      const wanted = 1 + Math.floor(random() * 50)
      const acknowledge = (line: string): void => {
        const [, number, sequence] = /^done (\d+) (\d+)$/.exec(line) ?? []
        acknowledged.set(Number(number), Number(sequence))
      }
      for (let seen = 0; seen < wanted; seen++) acknowledge((await lines.next()).value ?? "")
      await new Promise((resolve) => setTimeout(resolve, random() * 3))
      await killed(child)
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) acknowledge(line.value)
      next = await verified(acknowledged, epochs)
    }
    expect(epochs.size).toBe(1)
  })

  /** @returns the number of the next transaction */
  async function verified(acknowledged: ReadonlyMap<number, number>, epochs: Set<string>): Promise<number> {
    const database = sqliteDatabase({ path })
    const contents = await contentsOf(database)
    const rows = await database.read((sql) => sql.all("SELECT name FROM portcullis_workspaces"))
    const [meta] = await database.read((sql) => sql.all("SELECT epoch FROM portcullis_meta"))
    await database.close()
    epochs.add(String(meta?.["epoch"]))
    expect(numberingFaults(contents)).toEqual([])
    expect(replayed(contents)).toEqual(contents.bindings)
    const names = rows.map(({ name }) => String(name)).sort()
    expect(contents.bindings).toEqual(names.flatMap((name) => ["ann", "ben", "eve"].map((principal) => `${principal} ${name} Viewer`)).sort())
    expect(
      contents.journal
        .filter(({ action }) => action === "workspace.created")
        .map(({ workspace }) => workspace)
        .sort(),
    ).toEqual(names)
    const revisions = new Map(contents.journal.map(({ workspace, revision }) => [workspace, revision]))
    for (const [number, sequence] of acknowledged) expect(revisions.get(`w${number}`)).toBe(sequence)
    return names.length
  }
})

/** Starts a child process on the file; its first line has been read. It ends with the test. */
async function writer(
  place: string,
  first = 0,
  count = 0,
  expected: "open" | "refused" = "open",
): Promise<{ child: ChildProcess; lines: AsyncIterator<string, undefined> }> {
  const child = spawn(process.execPath, [join(root, "test/fixtures/sqlite-writer.mjs"), place, String(first), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => killed(child))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  if (expected === "open") expect((await lines.next()).value).toBe("open")
  return { child, lines }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGKILL")
  await exited
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function canMount(): boolean {
  if (!isRoot()) return false
  const probe = mkdtempSync(join(tmpdir(), "portcullis-mount-"))
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe]).status === 0
  if (mounted) spawnSync("umount", [probe])
  rmSync(probe, { recursive: true })
  return mounted
}

/** Mounts a file system in memory over the test's folder, until the test ends. */
function mount(options: string): void {
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status).toBe(0)
  onTestFinished(() => void spawnSync("umount", ["--lazy", folder]))
}

function readOnlyFolder(): { readonly place: string; readonly makeWritable: () => void } {
  if (isRoot()) {
    mount("ro")
    return { place: folder, makeWritable: () => expect(spawnSync("mount", ["-o", "remount,rw", folder]).status).toBe(0) }
  }
  chmodSync(folder, 0o500)
  return { place: folder, makeWritable: () => chmodSync(folder, 0o700) }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647
}
