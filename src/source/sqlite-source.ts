import { z } from "zod"
import { sqliteDatabase, type SqliteDatabaseOptions } from "../database/index.js"
import { aFunction, checkOptions } from "../model/options.js"
import { databaseSource, type DatabaseSource } from "./database-source.js"

/**
 * Role bindings in a SQLite file. Changes of this process are pushed.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is unknown or wrong
 * @see sqliteDatabase
 */
export function sqliteSource(options: SqliteDatabaseOptions): DatabaseSource {
  checkOptions("sqliteSource", Options, options)
  return databaseSource(sqliteDatabase(options), options.now)
}

const Options = z.strictObject({ path: z.string().min(1), now: aFunction.optional() })
