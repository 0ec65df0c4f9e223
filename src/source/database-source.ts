import { readHead, type Database, type Row, type Sql } from "../database/index.js"
import { formatRevision, type Revision } from "../model/revision.js"
import { RoleBinding, type RoleBindingChange } from "../model/role-binding.js"
import { isPlainBinding } from "./plain-binding.js"
import type { Source, SourceChanges, SourcePosition, SourceRead } from "./source.js"
import { unavailable } from "../model/unavailable.js"
import { closedSource, throwIfAborted } from "./unavailable.js"

/** Role bindings in a database that numbers its changes. Whoever reads them decides on the same revisions. */
export interface DatabaseSource extends Source {
  /** Where they are written, too. Closed with the source. */
  readonly database: Database
}

/**
 * Reads the bindings once, and afterwards what the journal says has changed.
 *
 * @param now milliseconds since the epoch
 */
export function databaseSource(database: Database, now: () => number = Date.now): DatabaseSource {
  return new BindingsInDatabase(database, now)
}

/** About how many bindings one page holds: so many are read between two turns of the event loop. A thousand take SQLite some 3 ms. */
const pageSize = 1_000
/** Beyond, all bindings are read again. */
const mostChanges = 100_000

class BindingsInDatabase implements DatabaseSource {
  readonly name: string
  readonly database: Database
  readonly #now: () => number
  #closed = false

  constructor(database: Database, now: () => number) {
    this.name = database.name
    this.database = database
    this.#now = now
  }

  async read(after: SourcePosition | undefined, signal: AbortSignal): Promise<SourceRead> {
    this.#assertReadable(signal)
    const head = await this.database.read((sql) => readHead(sql))
    const position = formatRevision(head)
    if (after === position) return { kind: "unchanged" }
    const since = sequenceOf(after, head)
    if (since !== undefined && (await this.#countSince(since)) <= mostChanges) return this.#changes(since, head)
    return { kind: "snapshot", position, revision: head, pages: this.#pages(signal), finish: async () => this.#finish(head, signal) }
  }

  subscribe(onNews: () => void): () => void {
    return this.database.subscribe(onNews)
  }

  async announce({ policy, authorizationData }: { readonly policy: string; readonly authorizationData: string }): Promise<void> {
    const same = "SELECT 1 FROM portcullis_meta WHERE policy_digest = ? AND authorization_data_digest = ?"
    const isSame = async (sql: Sql): Promise<boolean> => (await sql.all(same, policy, authorizationData)).length > 0
    if (await this.database.read(isSame)) return
    await this.database.write(async (transaction) => {
      if (await isSame(transaction)) return
      await transaction.all("UPDATE portcullis_meta SET policy_digest = ?, authorization_data_digest = ?", policy, authorizationData)
      await transaction.journal({
        actor: "system:pdp",
        action: "authorization_data.activated",
        name: `policy ${policy}, authorization data ${authorizationData}`,
      })
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.database.close()
  }

  async #finish(from: Revision, signal: AbortSignal): Promise<SourceChanges> {
    this.#assertReadable(signal)
    return this.#changes(from.sequence, await this.database.read((sql) => readHead(sql)))
  }

  async #countSince(sequence: number): Promise<number> {
    const [row] = await this.database.read((sql) => sql.all("SELECT count(*) AS n FROM portcullis_journal WHERE revision > ?", sequence))
    return Number(row?.["n"])
  }

  /** The changes after `sequence` up to `head`: what was committed later has a revision of its own, and is left for later. */
  async #changes(sequence: number, head: Revision): Promise<SourceChanges> {
    const rows = await this.database.read((sql) => sql.all(changesQuery, sequence, head.sequence))
    return { kind: "changes", position: formatRevision(head), revision: head, changes: rows.map((row) => this.#change(row)) }
  }

  #change(row: Row): RoleBindingChange {
    return { op: row["action"] === "role_binding.granted" ? "add" : "remove", binding: this.#binding(row) }
  }

  async *#pages(signal: AbortSignal): AsyncGenerator<readonly RoleBinding[]> {
    for (let after = ["", "", ""]; ;) {
      this.#assertReadable(signal)
      const rows = await this.database.read((sql) => sql.all(pageQuery, ...after, this.#now(), pageSize))
      const page = rows.map((row) => this.#binding(row))
      const last = page.at(-1)
      if (!last) return
      yield page
      after = [last.principal, last.workspace, last.role]
    }
  }

  /** Rows were checked when they were written; what somebody else wrote is checked in full. */
  #binding({ principal, workspace, role, expires_at: expiresAt }: Row): RoleBinding {
    const binding = { principal, workspace, role, ...(typeof expiresAt === "number" && { expires_at: new Date(expiresAt).toISOString() }) }
    if (isPlainBinding(binding)) return binding
    const { data, error } = RoleBinding.safeParse(binding)
    if (!data) throw unavailable(`${this.name} holds the role binding ${JSON.stringify(binding)}, which is not valid`, "correct its row", error)
    return data
  }

  #assertReadable(signal: AbortSignal): void {
    if (this.#closed) throw closedSource(this.name)
    throwIfAborted(this.name, signal)
  }
}

const changesQuery = `SELECT action, principal, workspace, role, expires_at FROM portcullis_journal
  WHERE revision > ? AND revision <= ? AND action IN ('role_binding.granted', 'role_binding.revoked', 'role_binding.expired')
  ORDER BY revision, ordinal`

/** By principal: a store takes in what one principal holds at once in half the time. */
const pageQuery = `SELECT principal, workspace, role, expires_at FROM portcullis_role_bindings
  WHERE (principal, workspace, role) > (?, ?, ?) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
  ORDER BY principal, workspace, role LIMIT ?`

/** The sequence of a position in the same history; undefined for any other. */
function sequenceOf(position: SourcePosition | undefined, head: Revision): number | undefined {
  const match = /^([0-9a-f]{8})\.(0|[1-9][0-9]{0,14})$/.exec(position ?? "")
  const sequence = Number(match?.[2])
  return match?.[1] === head.epoch && sequence <= head.sequence ? sequence : undefined
}
