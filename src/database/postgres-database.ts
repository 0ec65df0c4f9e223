import { messageOf, PdpError } from "../errors.js"
import type { Committed, Database, Row, Sql, WriteTransaction } from "./database.js"
import { isCurrent, migrate } from "./migrate.js"
import { once } from "./once.js"
import { oneAtATime } from "./one-at-a-time.js"
import { numbered } from "./placeholders.js"
import { listenOn } from "./postgres-listener.js"
import { placeOf, poolFor, type PostgresClient, type PostgresPool } from "./postgres-pool.js"
import { runWriteTransaction } from "./write-transaction.js"

/** Options of {@link postgresDatabase}. */
export interface PostgresDatabaseOptions {
  /** `postgres://user:password@host:5432/database`; a pool is made, and ended by `close`. */
  readonly url?: string
  /** A pool of yours instead. One of its clients is kept to listen for changes. `close` leaves it open. */
  readonly pool?: PostgresPool
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** Runs later, without keeping the process alive. Default Node's. */
  readonly after?: (ms: number, run: () => void) => () => void
}

/**
 * A PostgreSQL database (13 or newer), for any number of processes. Writers wait for each other, so revisions become visible in their order.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` unless there is either a URL of PostgreSQL or a pool
 */
export function postgresDatabase(options: PostgresDatabaseOptions): Database {
  return new PostgresDatabase(options)
}

class PostgresDatabase implements Database {
  readonly name: string
  readonly open = once(() => this.#migrate())
  readonly #options: PostgresDatabaseOptions
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  /** Writers would wait for each other in the server, too, each with a client that readers may need. */
  readonly #oneAtATime = oneAtATime()
  #pool: Promise<PostgresPool> | undefined
  #stopListening: (() => void) | undefined
  #closed = false

  constructor(options: PostgresDatabaseOptions) {
    if ((options.url === undefined) === (options.pool === undefined))
      throw new PdpError("ERR_CONFIG_INVALID", "a PostgreSQL database needs either `url` or `pool`; give one of the two")
    this.name = options.url === undefined ? "postgres" : `postgres ${placeOf(options.url)}`
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  async read<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value> {
    await this.open()
    return this.#withClient(async (client) => {
      try {
        return await work(this.#sqlOf(client))
      } catch (thrown) {
        throw isUnavailable(thrown) ? new BrokenClient(thrown) : thrown
      }
    })
  }

  async readOneState<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value> {
    await this.open()
    return this.#transaction(work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  }

  async write<Value>(work: (transaction: WriteTransaction) => Promise<Value>): Promise<Committed<Value>> {
    await this.open()
    const { noted, ...committed } = await this.#oneAtATime(() => this.#transaction((sql) => this.#written(sql, work)))
    if (noted) for (const listener of this.#listeners) listener()
    return committed
  }

  subscribe(onNews: () => void): () => void {
    if (this.#closed) return () => undefined
    const listener = () => onNews()
    this.#listeners.add(listener)
    const { after = unrefAfter } = this.#options
    this.#stopListening ??= listenOn(() => this.#connected(), { channel, after, onNews: () => this.#listeners.forEach((tell) => tell()) })
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#deafen()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    this.#deafen()
    const pool = await this.#pool?.catch(() => undefined)
    if (this.#options.pool === undefined) await pool?.end()
  }

  async #written<Value>(sql: Sql, work: (transaction: WriteTransaction) => Promise<Value>): ReturnType<typeof runWriteTransaction<Value>> {
    await sql.all(writeLimits)
    const done = await runWriteTransaction(sql, "FOR UPDATE", this.#now(), work)
    if (done.noted) await sql.all("SELECT pg_notify(?, ?)", channel, String(done.revision.sequence))
    return done
  }

  #deafen(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  async #migrate(): Promise<void> {
    await this.#transaction(async (sql) => {
      await sql.all(writeLimits)
      await sql.all("SELECT pg_advisory_xact_lock(?)", migrationLock)
      // A user who may not make tables can use those that are there.
      const [table] = await sql.all("SELECT to_regclass('portcullis_meta') AS name")
      if (typeof table?.["name"] !== "string" || !(await isCurrent(sql))) await migrate(sql, this.name)
    })
  }

  async #transaction<Value>(work: (sql: Sql) => Promise<Value>, begin = "BEGIN"): Promise<Value> {
    return this.#withClient(async (client) => {
      const sql = this.#sqlOf(client)
      try {
        await sql.all(begin)
        const value = await work(sql)
        await sql.all("COMMIT")
        return value
      } catch (thrown) {
        await sql.all("ROLLBACK").catch(() => {
          throw new BrokenClient(thrown)
        })
        throw thrown
      }
    })
  }

  /** A client whose connection broke does not go back to the pool. */
  async #withClient<Value>(work: (client: PostgresClient) => Promise<Value>): Promise<Value> {
    const client = await this.#client()
    let broken = false
    const onError = (): void => {
      broken = true
    }
    client.on("error", onError)
    try {
      return await work(client)
    } catch (thrown) {
      if (!(thrown instanceof BrokenClient)) throw thrown
      broken = true
      throw thrown.cause
    } finally {
      client.removeListener("error", onError)
      client.release(broken)
    }
  }

  async #client(): Promise<PostgresClient> {
    const pool = await this.#connected()
    try {
      return await pool.connect()
    } catch (cause) {
      throw this.#closed ? closedDatabase(this.name) : this.#unavailable(cause)
    }
  }

  #sqlOf(client: PostgresClient): Sql {
    return { all: async (text, ...values) => this.#query(client, { text: numbered(text), values: [...values], types }) }
  }

  async #query(client: PostgresClient, query: Parameters<PostgresClient["query"]>[0]): Promise<readonly Row[]> {
    try {
      return (await client.query(query)).rows
    } catch (cause) {
      throw this.#unavailable(cause)
    }
  }

  async #connected(): Promise<PostgresPool> {
    if (this.#closed) throw closedDatabase(this.name)
    const { pool, url = "" } = this.#options
    return pool ?? (this.#pool ??= poolFor(url))
  }

  #unavailable(cause: unknown): PdpError {
    return new PdpError("ERR_SOURCE_UNAVAILABLE", `${this.name}: ${messageOf(cause)}; check that it runs, its address and the rights of its user`, {
      cause,
    })
  }
}

/** The work failed, and so did the way back. */
class BrokenClient extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

const channel = "portcullis"
/** Any number, as long as it is always the same. */
const migrationLock = 3_405_691_582
/** A writer that stands still, with its process, must not hold up the others for ever. */
const writeLimits = "SELECT set_config('lock_timeout', '10s', true), set_config('idle_in_transaction_session_timeout', '30s', true)"
const int8 = 20

/** Sequences and times are far below 2^53. */
const types = {
  getTypeParser: (type: number): ((text: string) => unknown) => (type === int8 ? Number : (text) => text),
}

function closedDatabase(name: string): PdpError {
  return new PdpError("ERR_CLOSED", `the database '${name}' is closed; open a new one`)
}

function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof PdpError && thrown.code === "ERR_SOURCE_UNAVAILABLE"
}

function unrefAfter(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
