import { createHash } from "node:crypto"
import { z } from "zod"
import { PdpError } from "../errors.js"
import { expiryOf, RoleBinding } from "../model/role-binding.js"
import type { Row, SqlValue, WriteTransaction } from "./database.js"
import type { JournalAction } from "./journal.js"
import { parts, placeList, places } from "./statement-parts.js"

/** A role binding as it is stored. Times are milliseconds since the epoch. */
export interface StoredRoleBinding {
  /** `rb-` and 24 hex digits of the SHA-256 of `principal:workspace:role`. */
  readonly name: string
  readonly principal: string
  readonly workspace: string
  readonly role: string
  readonly grantedBy: string
  readonly grantedAt: number
  readonly expiresAt: number | null
  readonly revokedBy: string | null
  readonly revokedAt: number | null
}

/** The columns that {@link readRoleBinding} reads. */
export const roleBindingColumns = "name, principal, workspace, role, granted_by, granted_at, expires_at, revoked_by, revoked_at"

/** A row with {@link roleBindingColumns}. */
export function readRoleBinding(row: Row): StoredRoleBinding {
  const read = StoredRow.parse(row)
  return {
    name: read.name,
    principal: read.principal,
    workspace: read.workspace,
    role: read.role,
    grantedBy: read.granted_by,
    grantedAt: read.granted_at,
    expiresAt: read.expires_at,
    revokedBy: read.revoked_by,
    revokedAt: read.revoked_at,
  }
}

/** True while it decides. @param now milliseconds since the epoch */
export function isActive({ revokedAt, expiresAt }: StoredRoleBinding, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now)
}

/**
 * The name of the binding of that role in that workspace to that principal; it has the same one each time it is granted. Where a colon in the
 * workspace or the role would let two bindings share a name, it is made from their JSON, and begins with `rbx-`.
 */
export function roleBindingName({ principal, workspace, role }: RoleBinding): string {
  const isPlain = !workspace.includes(":") && !role.includes(":")
  const text = isPlain ? `${principal}:${workspace}:${role}` : JSON.stringify([principal, workspace, role])
  return `${isPlain ? "rb" : "rbx"}-${createHash("sha256").update(text).digest("hex").slice(0, 24)}`
}

/**
 * Grants bindings, each once: of one that is named twice the last counts. What is there already with the same expiry stays as it is; what was
 * revoked comes back.
 *
 * @returns what has changed
 * @throws {PdpError} `ERR_INPUT_INVALID` for a binding that no reader would take
 */
export async function grantBindings(
  transaction: WriteTransaction,
  actor: string,
  bindings: readonly RoleBinding[],
): Promise<readonly StoredRoleBinding[]> {
  const granted: StoredRoleBinding[] = []
  for (const part of parts([...new Map(bindings.map((binding) => [roleBindingName(binding), binding])).entries()])) {
    const values = part.flatMap(([name, binding]): SqlValue[] => {
      assertValid(binding)
      const expiry = expiryOf(binding)
      const expiresAt = expiry === Number.POSITIVE_INFINITY ? null : expiry
      return [name, binding.principal, binding.workspace, binding.role, actor, transaction.now, expiresAt]
    })
    const rows = await transaction.all(
      `INSERT INTO portcullis_role_bindings (name, principal, workspace, role, granted_by, granted_at, expires_at)
       VALUES ${places(part, 7)}
       ON CONFLICT (name) DO UPDATE SET granted_by = excluded.granted_by, granted_at = excluded.granted_at, expires_at = excluded.expires_at,
         revoked_by = NULL, revoked_at = NULL
       WHERE portcullis_role_bindings.revoked_at IS NOT NULL OR portcullis_role_bindings.expires_at IS DISTINCT FROM excluded.expires_at
       RETURNING ${roleBindingColumns}`,
      ...values,
    )
    granted.push(...(await noted(transaction, actor, "role_binding.granted", rows)))
  }
  return granted
}

/** Revokes bindings by name. The rows stay, and say who did it and when. @returns what has changed */
export async function revokeBindings(
  transaction: WriteTransaction,
  actor: string,
  names: readonly string[],
  action: "role_binding.revoked" | "role_binding.expired" = "role_binding.revoked",
): Promise<readonly StoredRoleBinding[]> {
  const revoked: StoredRoleBinding[] = []
  for (const part of parts(names)) {
    const rows = await transaction.all(
      `UPDATE portcullis_role_bindings SET revoked_by = ?, revoked_at = ?
       WHERE revoked_at IS NULL AND name IN ${placeList(part)} RETURNING ${roleBindingColumns}`,
      actor,
      transaction.now,
      ...part,
    )
    revoked.push(...(await noted(transaction, actor, action, rows)))
  }
  return revoked
}

/** One invalid row would keep every reader from all the others. */
function assertValid(binding: RoleBinding): void {
  const { error } = RoleBinding.safeParse(binding)
  if (!error) return
  const issues = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)
  throw new PdpError("ERR_INPUT_INVALID", `the role binding ${JSON.stringify(binding).slice(0, 1_000)} is not valid: ${issues.join("; ")}`)
}

const StoredRow = z.object({
  name: z.string(),
  principal: z.string(),
  workspace: z.string(),
  role: z.string(),
  granted_by: z.string(),
  granted_at: z.number(),
  expires_at: z.number().nullable(),
  revoked_by: z.string().nullable(),
  revoked_at: z.number().nullable(),
})

async function noted(
  transaction: WriteTransaction,
  actor: string,
  action: JournalAction,
  rows: readonly Row[],
): Promise<readonly StoredRoleBinding[]> {
  const changed = rows.map(readRoleBinding)
  await transaction.journal(
    ...changed.map(({ principal, workspace, role, expiresAt }) => ({ actor, action, principal, workspace, role, expiresAt: expiresAt ?? undefined })),
  )
  return changed
}
