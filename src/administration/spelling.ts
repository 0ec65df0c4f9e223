import type { Database } from "../database/index.js"

/** Principals that hold roles and differ from this one only in upper and lower case: probably meant, and not the same. */
export async function otherSpellings(database: Database, principal: string): Promise<readonly string[]> {
  const rows = await database.read((sql) =>
    sql.all(
      "SELECT DISTINCT principal FROM portcullis_role_bindings WHERE lower(principal) = lower(?) AND principal <> ? AND revoked_at IS NULL ORDER BY principal LIMIT 10",
      principal,
      principal,
    ),
  )
  return rows.map((row) => String(row["principal"]))
}
