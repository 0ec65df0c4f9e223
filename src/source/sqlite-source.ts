import { sqliteDatabase, type SqliteDatabaseOptions } from "../database/index.js"
import { databaseSource, type DatabaseSource } from "./database-source.js"

/** Role bindings in a SQLite file. Changes of this process are pushed. @see sqliteDatabase */
export function sqliteSource(options: SqliteDatabaseOptions): DatabaseSource {
  return databaseSource(sqliteDatabase(options), options.now)
}
