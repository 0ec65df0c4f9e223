export type { Committed, Database, Row, Sql, SqlValue, WriteTransaction } from "./database.js"
export { readHead } from "./head.js"
export { journalActions, type JournalAction, type JournalEntry } from "./journal.js"
export { postgresDatabase, type PostgresDatabaseOptions } from "./postgres-database.js"
export type { PostgresClient, PostgresPool } from "./postgres-pool.js"
export { sqliteDatabase, type SqliteDatabaseOptions } from "./sqlite-database.js"
export {
  grantBindings,
  isActive,
  readRoleBinding,
  revokeBindings,
  roleBindingColumns,
  roleBindingName,
  type StoredRoleBinding,
} from "./role-binding-rows.js"
export { parts, placeList, places } from "./statement-parts.js"
