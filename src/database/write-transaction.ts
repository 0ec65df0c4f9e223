import type { Revision } from "../model/revision.js"
import type { Committed, Sql, WriteTransaction } from "./database.js"
import { readHead } from "./head.js"
import { appendToJournal, type JournalEntry } from "./journal.js"

/**
 * Runs work inside a transaction that the caller began and will commit. The row with the sequence is locked first, so a revision is visible
 * as soon as it is given, and never before an earlier one: no reader can miss one.
 *
 * @param forUpdate `FOR UPDATE` where rows are locked by it
 * @returns what the work came to; `noted` when it changed anything
 */
export async function runWriteTransaction<Value>(
  sql: Sql,
  forUpdate: string,
  now: number,
  work: (transaction: WriteTransaction) => Promise<Value>,
): Promise<Committed<Value> & { readonly noted: boolean }> {
  const before = await readHead(sql, forUpdate)
  const next: Revision = { epoch: before.epoch, sequence: before.sequence + 1 }
  let noted = 0
  const value = await work({
    now,
    all: sql.all,
    revision: () => (noted === 0 ? before : next),
    journal: async (...entries: readonly JournalEntry[]) => {
      const first = noted
      noted += entries.length
      await appendToJournal(sql, next.sequence, first, now, entries)
    },
  })
  if (noted === 0) return { value, revision: before, noted: false }
  await sql.all("UPDATE portcullis_meta SET sequence = ?", next.sequence)
  return { value, revision: next, noted: true }
}
