import { z } from "zod"
import {
  grantBindings,
  readRoleBinding,
  revokeBindings,
  roleBindingColumns,
  roleBindingName,
  type Sql,
  type SqlValue,
  type StoredRoleBinding,
} from "../database/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import { RoleBinding } from "../model/role-binding.js"
import type { Access, WriteOptions, Written } from "./access.js"
import { keepingAnAdmin } from "./last-admin.js"
import { ExpiresAt, parseInput, PrincipalName, RoleName } from "./names.js"
import { iamOperation } from "./operation.js"
import { pageOf, pageWindow, type Page, type PageRequest } from "./page.js"
import { timeText } from "./time.js"
import type { Deleted } from "./deleted.js"
import { workspaceNamed } from "./workspace-row.js"

/** A role binding, revoked ones among them, as the API shows it. Times are RFC 3339. */
export interface RoleBindingRecord {
  readonly id: string
  readonly name: string
  readonly principal: string
  readonly workspace: string
  readonly role: string
  readonly granted_by: string
  readonly granted_at: string
  readonly expires_at: string | null
  readonly revoked_by: string | null
  readonly revoked_at: string | null
}

/** A role binding to be. */
export const RoleBindingDraft = z.object({
  principal: PrincipalName,
  workspace: RoleBinding.shape.workspace.default("system"),
  role: RoleName,
  expires_at: ExpiresAt.nullish(),
})
export type RoleBindingDraft = Readonly<z.input<typeof RoleBindingDraft>>

const range = z.object({ gte: ExpiresAt.optional(), lte: ExpiresAt.optional() })

/** Which role bindings are wanted. All that is given must hold. */
export const RoleBindingFilter = z.strictObject({
  principal: z.string().optional(),
  workspace: z.string().optional(),
  role: z.string().optional(),
  granted_by: z.string().optional(),
  /** True: those that decide now. False: those that are revoked or have expired. */
  is_active: z.boolean().optional(),
  granted_at: range.optional(),
  revoked_at: range.optional(),
})
export type RoleBindingFilter = Readonly<z.input<typeof RoleBindingFilter>>

/** All role bindings, for those who may see them. */
export interface RoleBindings {
  list(caller: Principal, filter?: RoleBindingFilter, request?: PageRequest): Promise<Page<RoleBindingRecord>>
  /** @throws {PdpError} `ERR_NOT_FOUND` */
  get(caller: Principal, name: string): Promise<RoleBindingRecord>
  /** One that was revoked comes back. @throws {PdpError} `ERR_CONFLICT` while it is active */
  create(caller: Principal, binding: RoleBindingDraft, options?: WriteOptions): Promise<Written<RoleBindingRecord>>
  /** @throws {PdpError} `ERR_NOT_FOUND`, `ERR_CONFLICT` when it is revoked already, and for the last Admin */
  revoke(caller: Principal, name: string, options?: WriteOptions): Promise<Written<Deleted & { readonly deleted_at: string }>>
}

/** @param now milliseconds since the epoch */
export function roleBindings(access: Access, now: () => number): RoleBindings {
  return {
    list: (caller, filter = {}, request = {}) =>
      access.read(caller, iamOperation("GET", "role-bindings"), async (sql) => {
        const window = pageWindow(request, [
          "created_at",
          "created_at",
          "granted_at",
          "principal",
          "workspace",
          "role",
          "granted_by",
          "revoked_at",
          "name",
        ])
        const { text, values } = conditionOf(parseInput(RoleBindingFilter, filter, "the filter"), now())
        const [row] = await sql.all(`SELECT count(*) AS n FROM portcullis_role_bindings ${text}`, ...values)
        const field = window.field === "created_at" ? "granted_at" : window.field
        const rows = await sql.all(
          `SELECT ${roleBindingColumns} FROM portcullis_role_bindings ${text} ORDER BY ${field} ${window.descending ? "DESC" : "ASC"}, name LIMIT ? OFFSET ?`,
          ...[...values, window.pageSize, window.offset],
        )
        return pageOf(window, Number(row?.["n"]), rows.map(readRoleBinding).map(toRecord), filter)
      }),
    get: (caller, name) => access.read(caller, iamOperation("GET", "role-bindings", name), async (sql) => toRecord(await bindingNamed(sql, name))),
    create: (caller, draft, options = {}) => {
      const { principal, workspace, role, expires_at: expiresAt } = parseInput(RoleBindingDraft, draft, "the role binding")
      const binding: RoleBinding = { principal, workspace, role, ...(expiresAt && { expires_at: expiresAt }) }
      return access.write(caller, iamOperation("POST", "role-bindings"), options, async ({ transaction, actor, grants }) => {
        await workspaceNamed(transaction, workspace)
        await grants.assertMayGrant(binding)
        const [before] = await transaction.all(`SELECT ${roleBindingColumns} FROM portcullis_role_bindings WHERE name = ?`, roleBindingName(binding))
        if (before && isActive(readRoleBinding(before), transaction.now))
          throw new PdpError(
            "ERR_CONFLICT",
            `'${principal}' holds role ${role} in workspace '${workspace}' already; revoke that binding first to change it`,
          )
        if (expiresAt && Date.parse(expiresAt) <= transaction.now)
          throw new PdpError("ERR_INPUT_INVALID", `expires_at ${expiresAt} has passed; give a time in the future`)
        await grantBindings(transaction, actor, [binding])
        return toRecord(await bindingNamed(transaction, roleBindingName(binding)))
      })
    },
    revoke: (caller, name, options = {}) =>
      access.write(caller, iamOperation("DELETE", "role-bindings", name), options, async ({ transaction, actor, grants }) => {
        const binding = await bindingNamed(transaction, name)
        if (binding.revokedAt !== null) throw new PdpError("ERR_CONFLICT", "Role binding is already revoked")
        const { principal, workspace, role } = binding
        await grants.assertMayRevoke({ principal, workspace, role })
        await keepingAnAdmin(transaction, workspace, () => revokeBindings(transaction, actor, [name]))
        return { id: name, message: `Role binding '${name}' revoked`, deleted_count: 1, deleted_at: timeText(transaction.now) }
      }),
  }
}

async function bindingNamed(sql: Sql, name: string): Promise<StoredRoleBinding> {
  const [row] = await sql.all(`SELECT ${roleBindingColumns} FROM portcullis_role_bindings WHERE name = ?`, name)
  if (!row) throw new PdpError("ERR_NOT_FOUND", `Role binding '${name}' not found`)
  return readRoleBinding(row)
}

function isActive({ revokedAt, expiresAt }: StoredRoleBinding, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now)
}

function conditionOf(filter: z.output<typeof RoleBindingFilter>, now: number): { readonly text: string; readonly values: readonly SqlValue[] } {
  const parts: { readonly text: string; readonly values: readonly SqlValue[] }[] = []
  for (const column of ["principal", "workspace", "role", "granted_by"] as const) {
    const wanted = filter[column]
    if (wanted !== undefined) parts.push({ text: `${column} = ?`, values: [wanted] })
  }
  const active = "(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?))"
  if (filter.is_active !== undefined) parts.push({ text: filter.is_active ? active : `NOT ${active}`, values: [now] })
  for (const column of ["granted_at", "revoked_at"] as const) {
    const { gte, lte } = filter[column] ?? {}
    if (gte !== undefined) parts.push({ text: `${column} >= ?`, values: [Date.parse(gte)] })
    if (lte !== undefined) parts.push({ text: `${column} <= ?`, values: [Date.parse(lte)] })
  }
  return { text: parts.length === 0 ? "" : `WHERE ${parts.map(({ text }) => text).join(" AND ")}`, values: parts.flatMap(({ values }) => values) }
}

function toRecord(stored: StoredRoleBinding): RoleBindingRecord {
  return {
    id: stored.name,
    name: stored.name,
    principal: stored.principal,
    workspace: stored.workspace,
    role: stored.role,
    granted_by: stored.grantedBy,
    granted_at: timeText(stored.grantedAt),
    expires_at: stored.expiresAt === null ? null : timeText(stored.expiresAt),
    revoked_by: stored.revokedBy,
    revoked_at: stored.revokedAt === null ? null : timeText(stored.revokedAt),
  }
}
