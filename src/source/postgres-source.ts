import { z } from "zod"
import { postgresDatabase, type PostgresDatabaseOptions } from "../database/index.js"
import { aFunction, checkOptions } from "../model/options.js"
import { databaseSource, type DatabaseSource } from "./database-source.js"

/**
 * Role bindings in PostgreSQL. Changes of every process are pushed by LISTEN and NOTIFY.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is unknown or wrong, and unless there is either a URL of PostgreSQL or a pool
 * @see postgresDatabase
 */
export function postgresSource(options: PostgresDatabaseOptions): DatabaseSource {
  checkOptions("postgresSource", Options, options)
  return databaseSource(postgresDatabase(options), options.now)
}

const Options = z.strictObject({
  url: z.string().optional(),
  pool: z.custom<object>((value) => typeof value === "object" && value !== null, "must be a pool of the package `pg`").optional(),
  now: aFunction.optional(),
  after: aFunction.optional(),
})
