import { messageOf, PdpError } from "../errors.js"
import type { SqlValue } from "./database.js"

/** What is used of a pool of the `pg` package; pass your own, or let one be made from a URL. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  end(): Promise<void>
}

/** What is used of a client of the `pg` package. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rows: Record<string, unknown>[] }>
  /** @param broken true: not to be used again */
  release(broken?: boolean): void
  on(event: "notification" | "end", listener: () => void): unknown
  on(event: "error", listener: (error: Error) => void): unknown
  removeListener(event: "error", listener: (error: Error) => void): unknown
}

/** One statement. */
export interface PostgresQuery {
  readonly text: string
  readonly values?: SqlValue[]
  readonly types?: { getTypeParser(type: number): (text: string) => unknown }
}

/**
 * A pool for that URL.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when `pg` is not installed or the URL is none
 */
export async function poolFor(url: string): Promise<PostgresPool> {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `PostgreSQL needs the package 'pg', which is not installed (${messageOf(cause)}); run 'npm install pg'`,
      { cause },
    )
  })
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "portcullis",
    max: 8,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
  })
  // An idle client whose connection breaks is taken out of the pool; whoever needs one gets another.
  pool.on("error", () => undefined)
  return pool
}

/** For status and logs: where, without user and password. @throws {PdpError} `ERR_CONFIG_INVALID` */
export function placeOf(url: string): string {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol))
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      "the URL of the database is none of PostgreSQL's; write one such as postgres://user@host:5432/portcullis",
    )
  const { host, pathname, searchParams } = new URL(url)
  return `${host || (searchParams.get("host") ?? "localhost")}${pathname}`
}

const connectTimeoutMs = 5_000
const queryTimeoutMs = 30_000
const idleMs = 60_000
