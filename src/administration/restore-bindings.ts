import { parts, places, readRoleBinding, roleBindingColumns, roleBindingName, type SqlValue, type WriteTransaction } from "../database/index.js"
import type { ExportedBinding } from "./export-format.js"

/**
 * Writes bindings with the times and names of those who granted them, each once: of one that is named twice the last counts. One that was revoked
 * in the database comes back; one that is revoked in the list takes nothing away.
 *
 * @param actor who does it, and who granted what does not say it
 * @returns how many have changed
 */
export async function restoreBindings(transaction: WriteTransaction, actor: string, bindings: readonly ExportedBinding[]): Promise<number> {
  const named = [...new Map(bindings.map((binding) => [roleBindingName(binding), binding]))]
  const active = named.filter(([, { revoked_at: revokedAt }]) => revokedAt === undefined)
  const revoked = named.filter(([, { revoked_at: revokedAt }]) => revokedAt !== undefined)
  return (await restoreActive(transaction, actor, active)) + (await restoreRevoked(transaction, actor, revoked))
}

type Named = readonly [name: string, binding: ExportedBinding]

async function restoreActive(transaction: WriteTransaction, actor: string, bindings: readonly Named[]): Promise<number> {
  let changed = 0
  for (const part of parts(bindings)) {
    const rows = await transaction.all(
      `INSERT INTO portcullis_role_bindings (name, principal, workspace, role, granted_by, granted_at, expires_at)
       VALUES ${places(part, 7)}
       ON CONFLICT (name) DO UPDATE SET granted_by = excluded.granted_by, granted_at = excluded.granted_at, expires_at = excluded.expires_at,
         revoked_by = NULL, revoked_at = NULL
       WHERE portcullis_role_bindings.revoked_at IS NOT NULL
       RETURNING ${roleBindingColumns}`,
      ...part.flatMap((binding) => valuesOf(binding, actor, transaction.now)),
    )
    await transaction.journal(
      ...rows.map(readRoleBinding).map(({ principal, workspace, role, expiresAt }) => ({
        actor,
        action: "role_binding.granted" as const,
        principal,
        workspace,
        role,
        expiresAt: expiresAt ?? undefined,
      })),
    )
    changed += rows.length
  }
  return changed
}

/** They decide nothing, so the journal has nobody to tell. */
async function restoreRevoked(transaction: WriteTransaction, actor: string, bindings: readonly Named[]): Promise<number> {
  let added = 0
  for (const part of parts(bindings)) {
    const rows = await transaction.all(
      `INSERT INTO portcullis_role_bindings (name, principal, workspace, role, granted_by, granted_at, expires_at, revoked_by, revoked_at)
       VALUES ${places(part, 9)} ON CONFLICT (name) DO NOTHING RETURNING name`,
      ...part.flatMap((named) => [
        ...valuesOf(named, actor, transaction.now),
        named[1].revoked_by ?? actor,
        named[1].revoked_at === undefined ? transaction.now : Date.parse(named[1].revoked_at),
      ]),
    )
    added += rows.length
  }
  return added
}

function valuesOf([name, binding]: Named, actor: string, now: number): SqlValue[] {
  const { principal, workspace, role, granted_by: grantedBy, granted_at: grantedAt, expires_at: expiresAt } = binding
  const times = [grantedAt === undefined ? now : Date.parse(grantedAt), expiresAt === undefined ? null : Date.parse(expiresAt)]
  return [name, principal, workspace, role, grantedBy ?? actor, ...times]
}
