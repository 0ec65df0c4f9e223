import { postgresDatabase, type PostgresDatabaseOptions } from "../database/index.js"
import { databaseSource, type DatabaseSource } from "./database-source.js"

/**
 * Role bindings in PostgreSQL. Changes of every process are pushed by LISTEN and NOTIFY.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` unless there is either a URL of PostgreSQL or a pool
 * @see postgresDatabase
 */
export function postgresSource(options: PostgresDatabaseOptions): DatabaseSource {
  return databaseSource(postgresDatabase(options), options.now)
}
