import type { Revision } from "../model/revision.js"
import type { JournalEntry } from "./journal.js"

/** What a statement may be given. Times are milliseconds since the epoch. */
export type SqlValue = string | number | null

/** One row of an answer, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** Runs statements. `?` stands for a value; the same SQL serves every database. */
export interface Sql {
  all(text: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>
}

/** Statements that take effect together, or not at all. No other writer is at work meanwhile, in any process. */
export interface WriteTransaction extends Sql {
  /** When it began, in milliseconds since the epoch. */
  readonly now: number
  /** The transaction's revision: its own from the first note on, before that the last one. */
  revision(): Revision
  /** Notes what is being changed. The first note gives the transaction its revision: one more than that of the last one that noted anything. */
  journal(...entries: readonly JournalEntry[]): Promise<void>
}

/** What a transaction came to. */
export interface Committed<Value> {
  readonly value: Value
  /** The transaction's own; when it noted nothing, the last one. */
  readonly revision: Revision
}

/**
 * Workspaces, role bindings, entities and the journal of their changes, on disk.
 *
 * Whatever cannot be done rejects with `PdpError` `ERR_SOURCE_UNAVAILABLE`, which says why and what to do; what the work itself throws passes
 * through. A failed write has had no effect, unless the connection broke during the commit.
 */
export interface Database {
  /** For status and logs, for example `sqlite ./portcullis.db`. Holds no secrets. */
  readonly name: string
  /** Connects, and brings the schema up to date. Done by the first use otherwise. */
  open(): Promise<void>
  /** Reads what has been committed. Each statement sees a state of its own. */
  read<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value>
  /** Reads one state: what is committed meanwhile is not seen by any statement, and does not wait. */
  readOneState<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value>
  /** Writes in one transaction, which is durable when this resolves. */
  write<Value>(work: (transaction: WriteTransaction) => Promise<Value>): Promise<Committed<Value>>
  /** Calls back when something may have been committed, by whomever. @returns stops it */
  subscribe(onNews: () => void): () => void
  close(): Promise<void>
}
