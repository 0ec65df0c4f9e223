import type { WriteTransaction } from "../database/index.js"
import { PdpError } from "../errors.js"

/**
 * Runs what revokes bindings, and refuses it when a workspace would be left without anybody who can mend it: persons and groups count, `*` and
 * services do not. In `system` that is its last PlatformAdmin, too.
 *
 * @throws {PdpError} `ERR_CONFLICT` with reason `last_admin`; the transaction must be given up then
 */
export async function keepingAnAdmin<Value>(transaction: WriteTransaction, workspace: string, revoke: () => Promise<Value>): Promise<Value> {
  const roles = workspace === "system" ? ["Admin", "PlatformAdmin"] : ["Admin"]
  const before = await Promise.all(roles.map((role) => holdersOf(transaction, workspace, role)))
  const value = await revoke()
  for (const [at, role] of roles.entries()) {
    const [last] = before[at] ?? []
    if (last !== undefined && (await holdersOf(transaction, workspace, role)).length === 0) throw lastOf(role, workspace, last)
  }
  return value
}

/** At most two. */
async function holdersOf(transaction: WriteTransaction, workspace: string, role: string): Promise<readonly string[]> {
  const rows = await transaction.all(
    `SELECT principal FROM portcullis_role_bindings
     WHERE workspace = ? AND role = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
       AND principal <> '*' AND principal NOT LIKE 'service:%' ORDER BY principal LIMIT 2`,
    workspace,
    role,
    transaction.now,
  )
  return rows.map(({ principal }) => String(principal))
}

function lastOf(role: string, workspace: string, principal: string): PdpError {
  const message = `Cannot remove '${principal}': they are the last ${role} of workspace '${workspace}'. Add another ${role} first`
  return new PdpError("ERR_CONFLICT", message, { reason: "last_admin", details: { principal, role, workspace } })
}
