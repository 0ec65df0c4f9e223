import type { WriteTransaction } from "../database/index.js"
import { PdpError } from "../errors.js"

/**
 * Runs what takes bindings or makes them expire, and refuses it when a workspace would be left without anybody who can mend it: now, or for want
 * of an Admin who stays where there was one. Persons and groups count, `*` and services do not. In `system` it is the last PlatformAdmin who stays.
 *
 * @throws {PdpError} `ERR_CONFLICT` with reason `last_admin`; the transaction must be given up then
 */
export async function keepingAnAdmin<Value>(transaction: WriteTransaction, workspace: string, change: () => Promise<Value>): Promise<Value> {
  const role = workspace === "system" ? "PlatformAdmin" : "Admin"
  const was = await firmestHolder(transaction, workspace, role)
  const value = await change()
  const left = was && (await firmestHolder(transaction, workspace, role))
  if (was && (!left || (was.stays && !left.stays))) throw lastOf(role, workspace, was.principal, left !== undefined)
  return value
}

interface Holder {
  readonly principal: string
  /** True when the binding does not expire. */
  readonly stays: boolean
}

async function firmestHolder(transaction: WriteTransaction, workspace: string, role: string): Promise<Holder | undefined> {
  const [row] = await transaction.all(
    `SELECT principal, expires_at FROM portcullis_role_bindings
     WHERE workspace = ? AND role = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
       AND principal <> '*' AND substr(principal, 1, 8) <> 'service:'
     ORDER BY CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, principal LIMIT 1`,
    workspace,
    role,
    transaction.now,
  )
  return row && { principal: String(row["principal"]), stays: row["expires_at"] === null }
}

function lastOf(role: string, workspace: string, principal: string, othersExpire: boolean): PdpError {
  const which = othersExpire ? `${role} of workspace '${workspace}' who does not expire` : `${role} of workspace '${workspace}'`
  const message = `Cannot remove '${principal}': they are the last ${which}. Add another ${role} first`
  return new PdpError("ERR_CONFLICT", message, { reason: "last_admin", details: { principal, role, workspace } })
}
