import { z } from "zod"
import {
  grantBindings,
  isActive,
  readRoleBinding,
  revokeBindings,
  roleBindingColumns,
  roleBindingName,
  type Sql,
  type StoredRoleBinding,
} from "../database/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import { RoleBinding } from "../model/role-binding.js"
import type { Access, WriteOptions, Written } from "./access.js"
import { parseFilter, TextFilter, textConditions, TimeFilter, timeConditions, whereAll, type Condition } from "./filter.js"
import { keepingAnAdmin } from "./last-admin.js"
import { ExpiresAt, parseInput, PrincipalName, RoleName } from "./names.js"
import { iamOperation } from "./operation.js"
import { pageOf, pageWindow, type Page, type PageRequest } from "./page.js"
import { assertAhead, timeText } from "./time.js"
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
export const RoleBindingDraft = z.strictObject({
  principal: PrincipalName,
  workspace: RoleBinding.shape.workspace.refine((name) => !/\p{C}/u.test(name), "must hold no control characters").default("system"),
  role: RoleName,
  expires_at: ExpiresAt.nullish(),
})
export type RoleBindingDraft = Readonly<z.input<typeof RoleBindingDraft>>

/** Which role bindings are wanted. All that is given must hold. */
export const RoleBindingFilter = z.strictObject({
  principal: TextFilter.optional(),
  workspace: TextFilter.optional(),
  role: TextFilter.optional(),
  granted_by: TextFilter.optional(),
  /** True: those that decide now. False: those that are revoked or have expired. */
  is_active: z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })], { error: "must be true or false" }).optional(),
  granted_at: TimeFilter.optional(),
  revoked_at: TimeFilter.optional(),
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
        const { text, values } = whereAll(conditionsOf(parseFilter(RoleBindingFilter, filter), now()))
        const [row] = await sql.all(`SELECT count(*) AS n FROM portcullis_role_bindings ${text}`, ...values)
        const field = window.field === "created_at" ? "granted_at" : window.field
        const rows = await sql.all(
          `SELECT ${roleBindingColumns} FROM portcullis_role_bindings ${text} ORDER BY ${field} ${window.descending ? "DESC" : "ASC"} NULLS LAST, name LIMIT ? OFFSET ?`,
          ...[...values, window.pageSize, window.offset],
        )
        return pageOf(window, Number(row?.["n"]), rows.map(readRoleBinding).map(toRecord), filter)
      }),
    get: (caller, name) => access.read(caller, iamOperation("GET", "role-bindings", name), async (sql) => toRecord(await bindingNamed(sql, name))),
    create: async (caller, draft, options = {}) => {
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
        assertAhead(expiresAt, transaction.now)
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

function conditionsOf(filter: z.output<typeof RoleBindingFilter>, now: number): readonly Condition[] {
  const active = "(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?))"
  return [
    ...textConditions("principal", filter.principal),
    ...textConditions("workspace", filter.workspace),
    ...textConditions("role", filter.role),
    ...textConditions("granted_by", filter.granted_by),
    ...(filter.is_active === undefined ? [] : [{ text: filter.is_active ? active : `NOT ${active}`, values: [now] }]),
    ...timeConditions("granted_at", filter.granted_at),
    ...timeConditions("revoked_at", filter.revoked_at),
  ]
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
