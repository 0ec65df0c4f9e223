import { postgresSource, sqliteSource, type DatabaseSource } from "../../src/index.js"

/** A database that is measured. */
export interface Place {
  readonly kind: "sqlite" | "postgres"
  /** The path, or the URL. */
  readonly at: string
  /** For the table. */
  readonly name: string
  /** For the table: the settings that say when a write is on disk. */
  readonly durability: string
}

/** A SQLite file. The product opens it with these settings. */
export function sqlitePlace(path: string): Place {
  return { kind: "sqlite", at: path, name: "SQLite", durability: "WAL, synchronous FULL" }
}

/** Opens a database of that kind. */
export function sourceAt(kind: string, at: string): DatabaseSource {
  return kind === "postgres" ? postgresSource({ url: at }) : sqliteSource({ path: at })
}
