import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { InvalidArgumentError } from "commander"
import { storeKind, type Config } from "../config/index.js"
import { postgresDatabase, sqliteDatabase, type Database } from "../database/index.js"
import { PdpError } from "../errors.js"
import { defaultDatabase } from "./configured-source.js"

/** The parts of a configuration's store that name a database. */
export type DatabaseConfig = Pick<Config["store"], "source" | "path" | "url">

/** A database that is named, not opened. */
export interface NamedDatabase {
  /** Absent for a SQLite file that is not there. */
  readonly existing?: Database
  /** Made when it is used, where it is not there. */
  readonly made: Database
}

/** Reads `--store`: `sqlite:PATH` or `postgres://…`. */
export function parseStore(text: string): DatabaseConfig {
  if (/^postgres(?:ql)?:\/\//.test(text)) return { source: "postgres", url: text }
  if (/^sqlite:./.test(text)) return { source: "sqlite", path: text.slice("sqlite:".length) }
  throw new InvalidArgumentError("It takes sqlite:PATH or postgres://user@host/database.")
}

/**
 * The database that a configuration names.
 *
 * @param folder what a path is relative to
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it names none
 */
export function configuredDatabase(store: Config["store"], folder: string): NamedDatabase {
  const { path, url } = store
  const kind = storeKind(store, false)
  if (kind === "postgres" && url !== undefined) {
    const made = postgresDatabase({ url })
    return { existing: made, made }
  }
  if (kind !== "sqlite")
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `store.source is '${kind}', which is no database; name one with --store sqlite:PATH or --store postgres://user@host/database`,
    )
  const file = resolve(folder, path ?? defaultDatabase)
  const made = sqliteDatabase({ path: file })
  return existsSync(file) ? { existing: made, made } : { made }
}
