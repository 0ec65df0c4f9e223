import { randomUUID } from "node:crypto"
import { z } from "zod"
import type { Row, Sql } from "../database/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { Access, WriteOptions, Written } from "./access.js"
import { NameFilter, parseFilter, textConditions, whereAll } from "./filter.js"
import { EntityWord, parseInput } from "./names.js"
import { entitiesOperation } from "./operation.js"
import { pageOf, pageWindow, type Page, type PageRequest } from "./page.js"
import { timeText } from "./time.js"
import type { Deleted } from "./deleted.js"
import { workspaceNamed } from "./workspace-row.js"

/** A record that a service registers in a workspace, so that the workspace is not deleted under it. Times are RFC 3339. */
export interface Entity {
  readonly id: string
  readonly name: string
  readonly entity_type: string
  readonly workspace: string
  /** What the service wants to remember. */
  readonly data: Readonly<Record<string, unknown>>
  /** 1, and one more with each update. */
  readonly db_version: number
  readonly created_at: string
  readonly created_by: string
  readonly updated_at: string
  readonly updated_by: string
}

const mostData = 64 * 1024

const EntityData = z
  .record(z.string(), z.unknown())
  .refine((data) => JSON.stringify(data).length <= mostData, `may have ${mostData} characters of JSON at most`)

/** An entity to be. */
export const EntityDraft = z.strictObject({ name: EntityWord, data: EntityData.default({}) })
export type EntityDraft = Readonly<z.input<typeof EntityDraft>>

/** What can be changed of one. */
export const EntityChange = z.strictObject({
  data: EntityData,
  expected_db_version: z.int().nullish().describe("The change is refused when it is another one by now."),
})
export type EntityChange = Readonly<z.input<typeof EntityChange>>

/** What lies in a workspace. */
export interface Entities {
  list(
    caller: Principal,
    workspace: string,
    type: string,
    request?: PageRequest & { readonly filter?: NameFilter | undefined },
  ): Promise<Page<Entity>>
  /** @throws {PdpError} `ERR_NOT_FOUND` */
  get(caller: Principal, workspace: string, type: string, name: string): Promise<Entity>
  /** @throws {PdpError} `ERR_NOT_FOUND` without the workspace, `ERR_CONFLICT` when there is one of that type and name */
  create(caller: Principal, workspace: string, type: string, entity: EntityDraft, options?: WriteOptions): Promise<Written<Entity>>
  /** @throws {PdpError} `ERR_NOT_FOUND`, `ERR_CONFLICT` when its version is not the expected one */
  update(caller: Principal, workspace: string, type: string, name: string, change: EntityChange, options?: WriteOptions): Promise<Written<Entity>>
  delete(caller: Principal, workspace: string, type: string, name: string, options?: WriteOptions): Promise<Written<Deleted>>
}

export function entities(access: Access): Entities {
  return {
    list: (caller, workspace, type, { filter = {}, ...request } = {}) =>
      access.read(caller, entitiesOperation("GET", workspace, "entities", type), async (sql) => {
        await workspaceNamed(sql, workspace)
        const window = pageWindow(request, ["-created_at", "name", "created_at", "updated_at"], 100)
        const inPlace = { text: "workspace = ? AND type = ?", values: [workspace, type] }
        const { text, values } = whereAll([inPlace, ...textConditions("name", parseFilter(NameFilter, filter).name)])
        const [row] = await sql.all(`SELECT count(*) AS n FROM portcullis_entities ${text}`, ...values)
        const rows = await sql.all(
          `${select} ${text} ORDER BY ${window.field} ${window.descending ? "DESC" : "ASC"}, name LIMIT ? OFFSET ?`,
          ...[...values, window.pageSize, window.offset],
        )
        return pageOf(window, Number(row?.["n"]), rows.map(toEntity), filter)
      }),
    get: (caller, workspace, type, name) =>
      access.read(caller, entitiesOperation("GET", workspace, "entities", type, name), (sql) => entityNamed(sql, workspace, type, name)),
    create: async (caller, workspace, type, draft, options = {}) => {
      const { name, data } = parseInput(EntityDraft, draft, "the entity")
      parseInput(EntityWord, type, "the type of the entity")
      return access.write(caller, entitiesOperation("POST", workspace, "entities", type), options, async ({ transaction, actor }) => {
        await workspaceNamed(transaction, workspace)
        const { now } = transaction
        await transaction.journal({ actor, action: "entity.created", workspace, entityType: type, name })
        const [row] = await transaction.all(
          `INSERT INTO portcullis_entities (workspace, type, name, id, data, version, revision, created_at, created_by, updated_at, updated_by)
           VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT (workspace, type, name) DO NOTHING RETURNING *`,
          ...[workspace, type, name, randomUUID(), JSON.stringify(data), transaction.revision().sequence, now, actor, now, actor],
        )
        if (!row) throw new PdpError("ERR_CONFLICT", `${type} '${name}' already exists in workspace '${workspace}'; choose another name`)
        return toEntity(row)
      })
    },
    update: async (caller, workspace, type, name, change, options = {}) => {
      const { data, expected_db_version: expected } = parseInput(EntityChange, change, "the entity")
      return access.write(caller, entitiesOperation("PUT", workspace, "entities", type, name), options, async ({ transaction, actor }) => {
        const { db_version: version } = await entityNamed(transaction, workspace, type, name)
        if (expected !== null && expected !== undefined && expected !== version)
          throw new PdpError("ERR_CONFLICT", `${type} '${name}' has version ${version}, and ${expected} was expected; read it again`)
        const [row] = await transaction.all(
          `UPDATE portcullis_entities SET data = ?, version = version + 1, updated_at = ?, updated_by = ?
           WHERE workspace = ? AND type = ? AND name = ? RETURNING *`,
          ...[JSON.stringify(data), transaction.now, actor, workspace, type, name],
        )
        await transaction.journal({ actor, action: "entity.updated", workspace, entityType: type, name })
        return toEntity(row ?? {})
      })
    },
    delete: (caller, workspace, type, name, options = {}) =>
      access.write(caller, entitiesOperation("DELETE", workspace, "entities", type, name), options, async ({ transaction, actor }) => {
        await entityNamed(transaction, workspace, type, name)
        await transaction.all("DELETE FROM portcullis_entities WHERE workspace = ? AND type = ? AND name = ?", workspace, type, name)
        await transaction.journal({ actor, action: "entity.deleted", workspace, entityType: type, name })
        return { id: `${workspace}/${type}/${name}`, message: `${type} '${name}' deleted`, deleted_count: 1 }
      }),
  }
}

/** @throws {PdpError} `ERR_CONFLICT` that counts the entities, by type in the order in which the types came */
export async function assertEmpty(sql: Sql, workspace: string): Promise<void> {
  const rows = await sql.all(
    "SELECT type, count(*) AS n FROM portcullis_entities WHERE workspace = ? GROUP BY type ORDER BY min(revision), min(created_at), type",
    workspace,
  )
  if (rows.length === 0) return
  const counts = rows.map(({ type, n }) => `${String(type)} (${Number(n)})`).join(", ")
  throw new PdpError("ERR_CONFLICT", `Cannot delete workspace '${workspace}': workspace contains entities that must be deleted first: ${counts}`, {
    reason: "workspace_not_empty",
    details: { entities: rows.map(({ type, n }) => ({ entity_type: String(type), count: Number(n) })) },
  })
}

const select = "SELECT workspace, type, name, id, data, version, created_at, created_by, updated_at, updated_by FROM portcullis_entities"

async function entityNamed(sql: Sql, workspace: string, type: string, name: string): Promise<Entity> {
  await workspaceNamed(sql, workspace)
  const [row] = await sql.all(`${select} WHERE workspace = ? AND type = ? AND name = ?`, workspace, type, name)
  if (!row) throw new PdpError("ERR_NOT_FOUND", `${type} '${name}' not found in workspace '${workspace}'`)
  return toEntity(row)
}

const EntityRow = z.object({
  workspace: z.string(),
  type: z.string(),
  name: z.string(),
  id: z.string(),
  data: z.string(),
  version: z.number(),
  created_at: z.number(),
  created_by: z.string(),
  updated_at: z.number(),
  updated_by: z.string(),
})

/** A row with every column of an entity. */
export function toEntity(row: Row): Entity {
  const read = EntityRow.parse(row)
  return {
    id: read.id,
    name: read.name,
    entity_type: read.type,
    workspace: read.workspace,
    data: z.record(z.string(), z.unknown()).parse(JSON.parse(read.data)),
    db_version: read.version,
    created_at: timeText(read.created_at),
    created_by: read.created_by,
    updated_at: timeText(read.updated_at),
    updated_by: read.updated_by,
  }
}
