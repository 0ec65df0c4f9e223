import { z } from "zod"
import { readHead, readRoleBinding, roleBindingColumns, type Database, type Row, type Sql, type StoredRoleBinding } from "../database/index.js"
import { formatRevision } from "../model/revision.js"
import { toEntity } from "./entities.js"
import type { ExportCounts, ExportHeader, ExportRow, ExportTrailer } from "./export-format.js"
import { timeText } from "./time.js"
import { selectWorkspaces, toWorkspace } from "./workspace-row.js"

/** Options of {@link exportData}. */
export interface ExportOptions {
  /** Leave out bindings that are revoked or have expired. Default false: a restored database knows what was revoked, too. */
  readonly activeOnly?: boolean
  /** Takes the next lines; the export goes on when it has resolved. */
  readonly write: (lines: string) => Promise<void>
  /** How many rows have been written so far. */
  readonly onProgress?: (rows: number) => void
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/** What an export holds. */
export interface Exported extends ExportCounts {
  /** The state that was exported. */
  readonly revision: string
}

/**
 * Writes everything that a database holds as NDJSON: a header, workspaces, role bindings, entities, and a trailer with their numbers. It is one
 * state, whoever writes meanwhile, and never in memory as a whole. The journal and the idempotency keys stay behind.
 */
export async function exportData(database: Database, options: ExportOptions): Promise<Exported> {
  const { write, onProgress = () => undefined, now = Date.now } = options
  return database.readOneState(async (sql) => {
    const at = now()
    const revision = formatRevision(await readHead(sql))
    const header: ExportHeader = { portcullis_export: 1, at: timeText(at), revision }
    await write(linesOf([header]))
    let written = 0
    const writeAll = async (pages: AsyncIterable<readonly ExportRow[]>): Promise<number> => {
      const before = written
      for await (const rows of pages) {
        await write(linesOf(rows))
        onProgress((written += rows.length))
      }
      return written - before
    }
    const counts: ExportCounts = {
      workspaces: await writeAll(workspacePages(sql)),
      bindings: await writeAll(bindingPages(sql, options.activeOnly === true ? at : undefined)),
      entities: await writeAll(entityPages(sql)),
    }
    const trailer: ExportTrailer = { portcullis_export_end: counts }
    await write(linesOf([trailer]))
    return { ...counts, revision }
  })
}

const pageSize = 2_000

function linesOf(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("")
}

async function* workspacePages(sql: Sql): AsyncGenerator<readonly ExportRow[]> {
  for (let last = ""; ;) {
    const found = (await sql.all(`${selectWorkspaces} WHERE name > ? ORDER BY name LIMIT ?`, last, pageSize)).map(toWorkspace)
    if (found.length === 0) return
    yield found.map((one) => {
      const { workspace: _, ...workspace } = one
      return { workspace }
    })
    last = found.at(-1)?.name ?? ""
  }
}

/** @param activeAt leaves out what did not decide at that time */
async function* bindingPages(sql: Sql, activeAt: number | undefined): AsyncGenerator<readonly ExportRow[]> {
  const condition = activeAt === undefined ? "" : "AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
  const query = `SELECT ${roleBindingColumns} FROM portcullis_role_bindings WHERE name > ? ${condition} ORDER BY name LIMIT ?`
  for (let last = ""; ;) {
    const found = (await sql.all(query, last, ...(activeAt === undefined ? [] : [activeAt]), pageSize)).map(readRoleBinding)
    if (found.length === 0) return
    yield found.map((stored) => ({ binding: exported(stored) }))
    last = found.at(-1)?.name ?? ""
  }
}

function exported(stored: StoredRoleBinding): Extract<ExportRow, { readonly binding: unknown }>["binding"] {
  const { principal, workspace, role, grantedBy, grantedAt, expiresAt, revokedBy, revokedAt } = stored
  return {
    principal,
    workspace,
    role,
    granted_by: grantedBy,
    granted_at: timeText(grantedAt),
    ...(expiresAt !== null && { expires_at: timeText(expiresAt) }),
    ...(revokedAt !== null && { revoked_by: revokedBy ?? "", revoked_at: timeText(revokedAt) }),
  }
}

/** In each workspace in the order in which they came. */
async function* entityPages(sql: Sql): AsyncGenerator<readonly ExportRow[]> {
  const query = `SELECT * FROM portcullis_entities WHERE workspace = ? AND (revision, created_at, type, name) > (?, ?, ?, ?)
    ORDER BY revision, created_at, type, name LIMIT ?`
  for (let workspace = await nextWorkspace(sql, ""); workspace !== undefined; workspace = await nextWorkspace(sql, workspace)) {
    for (let last: Key = { revision: -1, created_at: 0, type: "", name: "" }; ;) {
      const rows = await sql.all(query, workspace, last.revision, last.created_at, last.type, last.name, pageSize)
      const end = rows.at(-1)
      if (!end) break
      yield rows.map((row) => ({ entity: toEntity(row) }))
      last = Key.parse(end)
    }
  }
}

async function nextWorkspace(sql: Sql, after: string): Promise<string | undefined> {
  const [row]: readonly Row[] = await sql.all("SELECT min(workspace) AS workspace FROM portcullis_entities WHERE workspace > ?", after)
  const workspace = row?.["workspace"]
  return typeof workspace === "string" ? workspace : undefined
}

const Key = z.object({ revision: z.number(), created_at: z.number(), type: z.string(), name: z.string() })
type Key = z.infer<typeof Key>
