import { accessSync, constants } from "node:fs"
import { loadAuthorizationData, readAuthorizationDataFiles } from "../authorization-data/index.js"
import { storeKind, type Config } from "../config/index.js"
import type { Database } from "../database/index.js"
import { messageOf, PdpError } from "../errors.js"
import { fileSource, httpSource, postgresSource, sqliteSource, type DatabaseSource, type Source } from "../source/index.js"
import { headersFrom } from "./headers-file.js"

/** Where the bindings of a configuration come from. */
export interface ConfiguredSource {
  /** Absent: what the authorization data brings, or nothing. */
  readonly source?: Source
  /** True when it is a file, which is there at the start. */
  readonly isFile?: true
  /** Present when they can be written. */
  readonly database?: Database
}

/** The file of the database that nobody has named. */
export const defaultDatabase = "portcullis.db"

/**
 * Opens the source that a configuration describes. A SQLite file must be free; a PostgreSQL server may come later.
 *
 * @param makeDatabase true: without any other source, a database is made in the working folder
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` for a file that cannot be used, `ERR_CONFIG_INVALID`, and what loading the authorization data throws
 */
export async function configuredSource(config: Config, makeDatabase: boolean): Promise<ConfiguredSource> {
  const { store } = config
  switch (storeKind(store, await isDocumented(config))) {
    case "memory":
      return {}
    case "file":
      return { source: readableFile(store.path ?? ""), isFile: true }
    case "http":
      return { source: httpSource({ url: store.url ?? "", ...(store.headers_file !== undefined && { headers: headersFrom(store.headers_file) }) }) }
    case "postgres":
      return writable(postgresSource({ url: store.url ?? "" }))
    case "sqlite": {
      if (store.path === undefined && !makeDatabase) return {}
      const source = sqliteSource({ path: store.path ?? defaultDatabase })
      await source.database.open()
      return writable(source)
    }
  }
}

function writable(source: DatabaseSource): ConfiguredSource {
  return { source, database: source.database }
}

async function isDocumented({ data, profile, store }: Config): Promise<boolean> {
  if (store.source !== undefined || store.path !== undefined || store.url !== undefined) return false
  return loadAuthorizationData({ documents: await readAuthorizationDataFiles(data), profile }).bindings.length > 0
}

function readableFile(path: string): Source {
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot read the role bindings: ${messageOf(cause)}; check store.path or --bindings`, { cause })
  }
  return fileSource({ path })
}
