import { statSync } from "node:fs"
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { messageOf, PdpError } from "../errors.js"
import type { Committed, Database, Row, Sql, SqlValue, WriteTransaction } from "./database.js"
import { migrate } from "./migrate.js"
import { once } from "./once.js"
import { oneAtATime } from "./one-at-a-time.js"
import { runWriteTransaction } from "./write-transaction.js"

/** Options of {@link sqliteDatabase}. */
export interface SqliteDatabaseOptions {
  /** The file; it and its folder are made when they do not exist. `<path>.pid` beside it names the process that uses it. */
  readonly path: string
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * A database in one file, used by one process at a time: WAL, synchronous FULL, locked by the operating system, so that the lock of a process
 * that was killed is free at once. A second process gets `ERR_SOURCE_UNAVAILABLE` that names the first.
 */
export function sqliteDatabase(options: SqliteDatabaseOptions): Database {
  return new SqliteDatabase(options)
}

/** What this file uses of the libsql package. */
interface Connection {
  prepare(sql: string): { readonly reader: boolean; all(...values: SqlValue[]): Row[]; run(...values: SqlValue[]): unknown }
  exec(sql: string): unknown
  close(): void
}

class SqliteDatabase implements Database {
  readonly name: string
  readonly open = once(() => (this.#opening = this.#connect()))
  readonly #path: string
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  readonly #statements = new Map<string, ReturnType<Connection["prepare"]>>()
  /** There is one connection, so work waits for work. */
  readonly #oneAtATime = oneAtATime()
  readonly #sql: Sql = { all: async (text, ...values) => this.#run(text, values) }
  #connection: Connection | undefined
  #inode: number | undefined
  #opening: Promise<void> | undefined
  #closed = false

  constructor({ path, now = Date.now }: SqliteDatabaseOptions) {
    this.name = `sqlite ${path}`
    this.#path = path
    this.#now = now
  }

  async read<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value> {
    return this.#alone(() => work(this.#sql))
  }

  readOneState<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value> {
    return this.read(work)
  }

  async write<Value>(work: (transaction: WriteTransaction) => Promise<Value>): Promise<Committed<Value>> {
    const { noted, ...committed } = await this.#alone(async () => {
      // Everything here is synchronous: without it, writers that follow each other would keep the event loop from turning.
      await nextTurn()
      return this.#transaction(() => runWriteTransaction(this.#sql, "", this.#now(), work))
    })
    if (noted) for (const listener of this.#listeners) listener()
    return committed
  }

  subscribe(onNews: () => void): () => void {
    const listener = () => onNews()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    await this.#opening?.catch(() => undefined)
    await this.#oneAtATime(async () => undefined)
    if (!this.#connection) return
    // First, while the lock keeps others from writing theirs.
    if (Number(await readFile(this.#pidPath, "utf8").catch(() => "")) === process.pid) await rm(this.#pidPath, { force: true })
    release(this.#connection)
    this.#connection = undefined
  }

  get #pidPath(): string {
    return `${this.#path}.pid`
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw closedDatabase(this.name)
    await mkdir(dirname(this.#path), { recursive: true }).catch((cause: unknown) => {
      throw this.#unavailable(cause)
    })
    const connection = await this.#locked()
    try {
      await writeFile(this.#pidPath, `${process.pid}\n`)
      this.#inode = statSync(this.#path).ino
      this.#connection = connection
      await this.#transaction(() => migrate(this.#sql, this.name))
    } catch (cause) {
      this.#connection = undefined
      this.#statements.clear()
      release(connection)
      throw cause instanceof PdpError ? cause : this.#unavailable(cause)
    }
  }

  /** Connects, and takes the lock for as long as the connection lives. */
  async #locked(): Promise<Connection> {
    let connection: Connection | undefined
    try {
      await createUnlessThere(this.#path)
      const { default: Libsql } = await import("libsql")
      connection = new Libsql(this.#path, { timeout: 0 })
      for (const pragma of ["locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"])
        connection.exec(`PRAGMA ${pragma}`)
      connection.exec("BEGIN IMMEDIATE; COMMIT")
      return connection
    } catch (cause) {
      connection?.close()
      throw isBusy(cause) ? await this.#inUse(cause) : this.#unavailable(cause)
    }
  }

  async #inUse(cause: unknown): Promise<PdpError> {
    const pid = await readFile(this.#pidPath, "utf8").catch(() => "")
    const who = /^[0-9]+\s*$/.test(pid) ? `process ${pid.trim()}` : "another process"
    return new PdpError("ERR_SOURCE_UNAVAILABLE", `${this.#path} is used by ${who}; stop it, or use PostgreSQL for several processes`, { cause })
  }

  async #transaction<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#run("BEGIN IMMEDIATE", [])
    try {
      const value = await work()
      this.#run("COMMIT", [])
      return value
    } catch (thrown) {
      this.#rollBack()
      throw thrown
    }
  }

  /** SQLite has rolled back by itself when the disk is full. */
  #rollBack(): void {
    try {
      this.#connection?.exec("ROLLBACK")
    } catch (thrown) {
      if (!/no transaction is active/.test(messageOf(thrown))) throw this.#unavailable(thrown)
    }
  }

  #run(text: string, values: readonly SqlValue[]): readonly Row[] {
    if (!this.#connection) throw closedDatabase(this.name)
    try {
      const statement = this.#statements.get(text) ?? this.#prepare(this.#connection, text)
      if (statement.reader) return statement.all(...values)
      statement.run(...values)
      return []
    } catch (cause) {
      throw this.#unavailable(cause)
    }
  }

  #prepare(connection: Connection, text: string): ReturnType<Connection["prepare"]> {
    if (this.#statements.size >= statementsKept) this.#statements.clear()
    const statement = connection.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  async #alone<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.open()
    if (this.#closed) throw closedDatabase(this.name)
    return this.#oneAtATime(() => {
      this.#assertInPlace()
      return work()
    })
  }

  /** A file that was removed goes on to take writes, which end with the process; a second one may have taken its place. */
  #assertInPlace(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (found && found.ino === this.#inode) return
    const what = found ? "another file than the one that was opened" : "there no more"
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `${this.#path} is ${what}; nothing is written: put the file back, or restart`)
  }

  #unavailable(cause: unknown): PdpError {
    return new PdpError("ERR_SOURCE_UNAVAILABLE", `${this.#path}: ${messageOf(cause)}; ${remedyFor(cause)}`, { cause })
  }
}

const statementsKept = 200

function closedDatabase(name: string): PdpError {
  return new PdpError("ERR_CLOSED", `the database '${name}' is closed; open a new one`)
}

/** An existing file is not opened: closing it would take away the locks that this process holds on it. */
async function createUnlessThere(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close()
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown
    // SQLite would say "unable to open" and a number.
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error("this is a folder"), { code: "EISDIR" })
  }
}

/** Gives the lock back at once. Closing does so only when all prepared statements have been collected. */
function release(connection: Connection): void {
  try {
    for (const pragma of ["journal_mode = DELETE", "locking_mode = NORMAL"]) connection.exec(`PRAGMA ${pragma}`)
    connection.exec("SELECT 1 FROM sqlite_master")
  } catch {
    // Without room to write the journal back: then the lock lives as long as the statements.
  } finally {
    connection.close()
  }
}

function isBusy(thrown: unknown): boolean {
  return codeOf(thrown).startsWith("SQLITE_BUSY")
}

function remedyFor(thrown: unknown): string {
  const code = codeOf(thrown)
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") return "make room on the disk"
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS" || code === "EACCES") return "make the file and its folder writable"
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) return "restore it from a backup (portcullis data import)"
  if (code === "EISDIR") return "name a file in it"
  if (code === "EEXIST" || code === "ENOTDIR") return "name a file in a folder: a part of this path is a file"
  return "check the file, its folder and the disk"
}

function codeOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : ""
}
