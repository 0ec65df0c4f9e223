import { parts, placeList, places, type SqlValue, type WriteTransaction } from "../database/index.js"
import type { ExportRow } from "./export-format.js"
import { restoreBindings } from "./restore-bindings.js"
import { addWorkspaces } from "./workspace-rows.js"

/** What a batch of rows has changed. */
export interface WrittenRows {
  /** The names of those that are new. */
  readonly workspaces: readonly string[]
  readonly bindings: number
  readonly entities: number
}

/**
 * Writes rows as they were, in a transaction that has written nothing yet. Workspaces and entities that are there stay as they are; workspaces
 * that only a binding or an entity names are made.
 */
export async function writeRows(transaction: WriteTransaction, rows: readonly ExportRow[]): Promise<WrittenRows> {
  const revision = transaction.revision().sequence + 1
  const workspaces = rows.flatMap((row) => ("workspace" in row ? [row.workspace] : []))
  const bindings = rows.flatMap((row) => ("binding" in row ? [row.binding] : []))
  const entities = rows.flatMap((row) => ("entity" in row ? [row.entity] : []))
  const added = await insertWorkspaces(transaction, workspaces)
  const named = new Set([...bindings, ...entities].map(({ workspace }) => workspace))
  const made = await addWorkspaces(transaction, actor, await missing(transaction, named))
  return {
    workspaces: [...added, ...made],
    bindings: await restoreBindings(transaction, actor, bindings),
    entities: await insertEntities(transaction, entities, revision),
  }
}

type ExportedWorkspace = Extract<ExportRow, { readonly workspace: unknown }>["workspace"]
type ExportedEntity = Extract<ExportRow, { readonly entity: unknown }>["entity"]

const actor = "system:import"

async function insertWorkspaces(transaction: WriteTransaction, workspaces: readonly ExportedWorkspace[]): Promise<readonly string[]> {
  const added: string[] = []
  for (const part of parts(workspaces)) {
    const rows = await transaction.all(
      `INSERT INTO portcullis_workspaces (name, id, description, created_at, created_by, updated_at, updated_by)
       VALUES ${places(part, 7)} ON CONFLICT (name) DO NOTHING RETURNING name`,
      ...part.flatMap((one): SqlValue[] => [one.name, one.id, one.description, ...recordValues(one)]),
    )
    for (const { name } of rows) added.push(String(name))
  }
  await transaction.journal(...added.map((workspace) => ({ actor, action: "workspace.created" as const, workspace })))
  return added
}

async function missing(transaction: WriteTransaction, names: ReadonlySet<string>): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const part of parts([...names])) {
    const rows = await transaction.all(`SELECT name FROM portcullis_workspaces WHERE name IN ${placeList(part)}`, ...part)
    for (const { name } of rows) found.add(String(name))
  }
  return [...names].filter((name) => !found.has(name))
}

async function insertEntities(transaction: WriteTransaction, entities: readonly ExportedEntity[], revision: number): Promise<number> {
  let added = 0
  for (const part of parts(entities)) {
    const rows = await transaction.all(
      `INSERT INTO portcullis_entities (workspace, type, name, id, data, version, revision, created_at, created_by, updated_at, updated_by)
       VALUES ${places(part, 11)} ON CONFLICT (workspace, type, name) DO NOTHING RETURNING workspace, type, name`,
      ...part.flatMap((one): SqlValue[] => [
        ...[one.workspace, one.entity_type, one.name, one.id, JSON.stringify(one.data), one.db_version, revision],
        ...recordValues(one),
      ]),
    )
    await transaction.journal(
      ...rows.map(({ workspace, type, name }) => ({
        actor,
        action: "entity.created" as const,
        workspace: String(workspace),
        entityType: String(type),
        name: String(name),
      })),
    )
    added += rows.length
  }
  return added
}

type Recorded = Pick<ExportedWorkspace, "created_at" | "created_by" | "updated_at" | "updated_by">

function recordValues({ created_at: created, created_by: creator, updated_at: updated, updated_by: updater }: Recorded): SqlValue[] {
  return [Date.parse(created), creator, Date.parse(updated), updater]
}
