import { readHead, type Database, type WriteTransaction } from "../database/index.js"
import { formatRevision } from "../model/revision.js"
import type { ExportedBinding, ExportRow } from "./export-format.js"
import { bindingKey, checkImport, isPast, type ImportCheck } from "./import-check.js"
import type { ImportFile } from "./import-file.js"
import { writeRows, type WrittenRows } from "./import-rows.js"

/** Options of {@link importData}. */
export interface ImportOptions {
  /** The roles that may be granted. Absent: any. */
  readonly roles?: ReadonlySet<string> | undefined
  /** Names of groups that stand in the file without their prefix. */
  readonly groups?: readonly string[]
  /** Nothing is kept. Default false. */
  readonly dryRun?: boolean
  /** How many rows have been checked, and after that written, so far. */
  readonly onProgress?: (step: "checked" | "imported", rows: number) => void
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/** How many are new, or came back, and how many were there. */
export interface ImportCount {
  readonly added: number
  readonly present: number
}

/** What an import came to. */
export interface DataImported {
  readonly workspaces: ImportCount
  readonly bindings: ImportCount
  readonly entities: ImportCount
  /** Bindings that were left out because they have expired. */
  readonly expired: number
  /** The last one that was written; absent without a database. */
  readonly revision?: string
  /** Principals that may be groups, or ids of persons: the first few. */
  readonly unprefixed: readonly string[]
  /** Groups that were named and do not occur. */
  readonly absentGroups: readonly string[]
}

/**
 * Takes over what a file holds. A first pass checks everything, a second one writes, 5,000 rows in a transaction. Importing again changes
 * nothing, so an import that was stopped is simply run again.
 *
 * @param database absent: one that holds nothing, of which nothing is kept
 * @throws {PdpError} `ERR_INPUT_INVALID` for unknown roles, `ERR_SOURCE_UNAVAILABLE` for a file that is not valid; nothing has been written then
 */
export async function importData(database: Database | undefined, file: ImportFile, options: ImportOptions): Promise<DataImported> {
  const { roles, groups = [], dryRun = false, onProgress = () => undefined, now = Date.now } = options
  const startedAt = now()
  const prefixed = new Set(groups)
  const check = await checkImport(file, {
    ...{ roles, groups: prefixed, now: startedAt },
    onProgress: (rows) => onProgress("checked", rows),
  })
  const { unprefixed, absentGroups } = check
  if (!database)
    return {
      ...reportOf(check, check.workspaces.size, check.counts.bindings - check.expired, check.counts.entities, check.expired),
      unprefixed,
      absentGroups,
    }
  const made = new Set<string>()
  let [bindings, entities, expired, rows] = [0, 0, 0, 0]
  for await (const batch of batches(file.rows())) {
    const prepared = batch.map((row) => ("binding" in row ? { binding: prepare(row.binding, check, prefixed) } : row))
    const due = prepared.filter((row) => !("binding" in row && isPast(row.binding, startedAt)))
    const written = await (dryRun ? discarded : kept)(database, (transaction) => writeRows(transaction, due))
    for (const name of written.workspaces) made.add(name)
    bindings += written.bindings
    entities += written.entities
    expired += prepared.length - due.length
    onProgress("imported", (rows += batch.length))
  }
  const revision = formatRevision(await database.read((sql) => readHead(sql)))
  return { ...reportOf(check, made.size, bindings, entities, expired), revision, unprefixed, absentGroups }
}

const rowsInOneTransaction = 5_000

function reportOf(
  check: ImportCheck,
  workspaces: number,
  bindings: number,
  entities: number,
  expired: number,
): Omit<DataImported, "unprefixed" | "absentGroups"> {
  const { counts } = check
  return {
    workspaces: { added: workspaces, present: check.workspaces.size - workspaces },
    bindings: { added: bindings, present: counts.bindings - expired - bindings },
    entities: { added: entities, present: counts.entities - entities },
    expired,
  }
}

async function* batches(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<readonly ExportRow[]> {
  let batch: ExportRow[] = []
  for await (const page of pages)
    for (const row of page) {
      batch.push(row)
      if (batch.length < rowsInOneTransaction) continue
      yield batch
      batch = []
    }
  if (batch.length > 0) yield batch
}

/** Of several lines for one binding the last one says when it expires, wherever the batches end. */
function prepare(binding: ExportedBinding, { expiries }: ImportCheck, groups: ReadonlySet<string>): ExportedBinding {
  const key = bindingKey(binding)
  const { expires_at: _, ...rest } = binding
  const expiry = expiries.get(key)
  const dated = expiries.has(key) ? { ...rest, ...(expiry !== undefined && { expires_at: expiry }) } : binding
  return groups.has(binding.principal) ? { ...dated, principal: `group:${binding.principal}` } : dated
}

type Work = (transaction: WriteTransaction) => Promise<WrittenRows>

async function kept(database: Database, work: Work): Promise<WrittenRows> {
  return (await database.write(work)).value
}

async function discarded(database: Database, work: Work): Promise<WrittenRows> {
  try {
    return await kept(database, async (transaction) => {
      throw new Discarded(await work(transaction))
    })
  } catch (thrown) {
    if (thrown instanceof Discarded) return thrown.written
    throw thrown
  }
}

/** Rolls a transaction back, and carries out what it would have done. Never leaves this module. */
class Discarded extends Error {
  readonly written: WrittenRows

  constructor(written: WrittenRows) {
    super("rolled back")
    this.written = written
  }
}
