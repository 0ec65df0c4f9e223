import { revokeBindings, type Database } from "../database/index.js"

/** Notes what has expired, so that everybody who reads the journal knows. Decisions do not wait for it. @returns how many bindings */
export async function sweepExpired(database: Database): Promise<number> {
  const { value } = await database.write(async (transaction) => {
    const rows = await transaction.all(
      "SELECT name FROM portcullis_role_bindings WHERE revoked_at IS NULL AND expires_at IS NOT NULL AND expires_at <= ? LIMIT ?",
      transaction.now,
      mostAtOnce,
    )
    return (
      await revokeBindings(
        transaction,
        "system:expiry",
        rows.map(({ name }) => String(name)),
        "role_binding.expired",
      )
    ).length
  })
  return value
}

const mostAtOnce = 10_000
