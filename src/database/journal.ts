import type { Sql, SqlValue } from "./database.js"
import { parts, places } from "./statement-parts.js"

/** What can be noted. */
export const journalActions = [
  "role_binding.granted",
  "role_binding.revoked",
  "role_binding.expired",
  "workspace.created",
  "workspace.updated",
  "workspace.deleted",
  "entity.created",
  "entity.updated",
  "entity.deleted",
  "authorization_data.activated",
] as const

/** One of {@link journalActions}. */
export type JournalAction = (typeof journalActions)[number]

/** One change: who did what to whom. */
export interface JournalEntry {
  /** The stored principal who did it, or `system:<part of the product>`. */
  readonly actor: string
  readonly action: JournalAction
  readonly principal?: string | undefined
  readonly workspace?: string | undefined
  readonly role?: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined
  readonly entityType?: string | undefined
  /** Of the workspace's entity, or what else there is to say. */
  readonly name?: string | undefined
}

const columns = ["revision", "ordinal", "at", "actor", "action", "principal", "workspace", "role", "expires_at", "entity_type", "name"]

/** Appends to the journal. @param first ordinal of the first entry within the revision */
export async function appendToJournal(sql: Sql, revision: number, first: number, now: number, entries: readonly JournalEntry[]): Promise<void> {
  let ordinal = first
  for (const part of parts(entries)) {
    const values = part.flatMap((entry): SqlValue[] => [revision, ordinal++, now, ...valuesOf(entry)])
    await sql.all(`INSERT INTO portcullis_journal (${columns.join(", ")}) VALUES ${places(part, columns.length)}`, ...values)
  }
}

function valuesOf({ actor, action, principal, workspace, role, expiresAt, entityType, name }: JournalEntry): SqlValue[] {
  return [actor, action, principal ?? null, workspace ?? null, role ?? null, expiresAt ?? null, entityType ?? null, name ?? null]
}
