import { postgresSource, sqliteSource, type DatabaseSource } from "../../src/index.js"

/** A database that is measured. */
export interface Place {
  readonly kind: "sqlite" | "postgres"
  /** The path, or the URL. */
  readonly at: string
  /** For the table: what it is, and how durable its writes are. */
  readonly name: string
}

/** SQLite opens its file itself, with these settings. */
export const sqliteName = "SQLite (WAL, synchronous FULL)"

/** Opens a database of that kind. */
export function sourceAt(kind: string, at: string): DatabaseSource {
  return kind === "postgres" ? postgresSource({ url: at }) : sqliteSource({ path: at })
}
