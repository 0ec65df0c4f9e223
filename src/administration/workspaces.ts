import { randomUUID } from "node:crypto"
import { setImmediate as nextTurn } from "node:timers/promises"
import { z } from "zod"
import { grantBindings, placeList, readRoleBinding, revokeBindings, roleBindingColumns, type StoredRoleBinding } from "../database/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { Pdp } from "../pdp/index.js"
import type { Access, WriteOptions, Written } from "./access.js"
import { ownerOf } from "./actor.js"
import type { Deleted } from "./deleted.js"
import { assertEmpty } from "./entities.js"
import { NameFilter, parseFilter, textConditions, whereAll } from "./filter.js"
import { isReserved } from "./grants.js"
import { parseInput, WorkspaceName } from "./names.js"
import { entitiesOperation } from "./operation.js"
import { pageOf, pageWindow, type Page, type PageRequest } from "./page.js"
import { selectWorkspaces, toWorkspace, workspaceNamed, type Workspace } from "./workspace-row.js"

/** Workspaces: where role bindings hold. */
export interface Workspaces {
  /** Those that the caller may read. */
  list(caller: Principal, request?: PageRequest & { readonly filter?: NameFilter | undefined }): Promise<Page<Workspace>>
  /** @throws {PdpError} `ERR_NOT_FOUND` */
  get(caller: Principal, name: string): Promise<Workspace>
  /** The caller becomes its Admin. @throws {PdpError} `ERR_CONFLICT` when there is one of that name */
  create(caller: Principal, workspace: WorkspaceDraft, options?: WriteOptions): Promise<Written<Workspace>>
  update(caller: Principal, name: string, change: WorkspaceChange, options?: WriteOptions): Promise<Written<Workspace>>
  /** Deletes it and revokes its bindings. @throws {PdpError} `ERR_CONFLICT` while it holds entities, and for `system` */
  delete(caller: Principal, name: string, options?: WriteOptions): Promise<Written<Deleted>>
}

const Description = z
  .string()
  .max(4_096)
  .refine((text) => !text.includes("\0"), "must hold no NUL")

/** A workspace to be. */
export const WorkspaceDraft = z.strictObject({ name: WorkspaceName, description: Description.nullish() })
export type WorkspaceDraft = Readonly<z.input<typeof WorkspaceDraft>>

/** What can be changed of one. */
export const WorkspaceChange = z.strictObject({ description: Description.nullish() })
export type WorkspaceChange = Readonly<z.input<typeof WorkspaceChange>>

export function workspaces(pdp: Pdp, access: Access): Workspaces {
  return {
    list: (caller, { filter = {}, ...request } = {}) =>
      access.read(caller, entitiesOperation("GET"), async (sql) => {
        const window = pageWindow(request, ["-created_at", "name", "created_at", "updated_at"], 100)
        const order = `${window.field} ${window.descending ? "DESC" : "ASC"}, name`
        const where = whereAll(textConditions("name", parseFilter(NameFilter, filter).name))
        const all = await sql.all(`SELECT name FROM portcullis_workspaces ${where.text} ORDER BY ${order}`, ...where.values)
        const names = all.map(({ name }) => String(name))
        const visible = await readable(pdp, caller, names)
        const page = visible.slice(window.offset, window.offset + window.pageSize)
        const rows = page.length === 0 ? [] : await sql.all(`${selectWorkspaces} WHERE name IN ${placeList(page)} ORDER BY ${order}`, ...page)
        return pageOf(window, visible.length, rows.map(toWorkspace), filter)
      }),
    get: (caller, name) => access.read(caller, entitiesOperation("GET", name), (sql) => workspaceNamed(sql, name)),
    create: async (caller, draft, options = {}) => {
      const { name, description } = parseInput(WorkspaceDraft, draft, "the workspace")
      return access.write(caller, entitiesOperation("POST"), options, async ({ transaction, actor }) => {
        const { now } = transaction
        const [row] = await transaction.all(
          `INSERT INTO portcullis_workspaces (name, id, description, created_at, created_by, updated_at, updated_by)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING *`,
          ...[name, randomUUID(), description ?? "", now, actor, now, actor],
        )
        if (!row) throw new PdpError("ERR_CONFLICT", `Workspace '${name}' already exists; choose another name`)
        await transaction.journal({ actor, action: "workspace.created", workspace: name })
        const owner = ownerOf(caller)
        if (owner !== undefined) await grantBindings(transaction, actor, [{ principal: owner, workspace: name, role: "Admin" }])
        return toWorkspace(row)
      })
    },
    update: async (caller, name, change, options = {}) => {
      const { description } = parseInput(WorkspaceChange, change, "the workspace")
      return access.write(caller, entitiesOperation("PUT", name), options, async ({ transaction, actor }) => {
        await workspaceNamed(transaction, name)
        const [row] = await transaction.all(
          "UPDATE portcullis_workspaces SET description = COALESCE(?, description), updated_at = ?, updated_by = ? WHERE name = ? RETURNING *",
          ...[description ?? null, transaction.now, actor, name],
        )
        await transaction.journal({ actor, action: "workspace.updated", workspace: name })
        return toWorkspace(row ?? {})
      })
    },
    delete: (caller, name, options = {}) =>
      access.write(caller, entitiesOperation("DELETE", name), options, async ({ transaction, actor, grants }) => {
        await workspaceNamed(transaction, name)
        if (name === "system")
          throw new PdpError("ERR_CONFLICT", "Workspace 'system' holds what belongs to no other workspace, and cannot be deleted")
        await assertEmpty(transaction, name)
        const bound = await transaction.all(
          `SELECT ${roleBindingColumns} FROM portcullis_role_bindings WHERE workspace = ? AND revoked_at IS NULL`,
          name,
        )
        for (const binding of kindsOf(bound.map(readRoleBinding))) await grants.assertMayRevoke(binding)
        await revokeBindings(
          transaction,
          actor,
          bound.map((row) => String(row["name"])),
        )
        await transaction.all("DELETE FROM portcullis_workspaces WHERE name = ?", name)
        await transaction.journal({ actor, action: "workspace.deleted", workspace: name })
        return { id: name, message: `Workspace '${name}' deleted`, deleted_count: 1 }
      }),
  }
}

const namesPerTurn = 500

/** The names that the caller may read, asked of the policy one by one. */
async function readable(pdp: Pdp, caller: Principal, names: readonly string[]): Promise<readonly string[]> {
  const visible: string[] = []
  for (let at = 0; at < names.length; at += namesPerTurn) {
    const part = names.slice(at, at + namesPerTurn)
    const decisions = pdp.authorizeMany(part.map((name) => ({ principal: caller, ...entitiesOperation("GET", name) })))
    visible.push(...part.filter((_, index) => decisions[index]?.allowed))
    await nextTurn()
  }
  return visible
}

/** One binding for each role and kind of principal: the right to revoke depends on nothing else. */
function kindsOf(bindings: readonly StoredRoleBinding[]): Iterable<StoredRoleBinding> {
  return new Map(bindings.map((binding) => [`${isReserved(binding.principal) ? "reserved" : "any"} ${binding.role}`, binding])).values()
}
