import { z } from "zod"
import {
  grantBindings,
  readRoleBinding,
  revokeBindings,
  roleBindingColumns,
  type Sql,
  type StoredRoleBinding,
  type WriteTransaction,
} from "../database/index.js"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { RoleBinding } from "../model/role-binding.js"
import type { Access, WriteOptions, Writing, Written } from "./access.js"
import { keepingAnAdmin } from "./last-admin.js"
import { ExpiresAt, parseInput, PrincipalName, RoleName } from "./names.js"
import { entitiesOperation } from "./operation.js"
import { assertAhead, timeText } from "./time.js"
import type { Deleted } from "./deleted.js"
import { workspaceNamed } from "./workspace-row.js"

/** Somebody who holds roles in a workspace. Times are RFC 3339. */
export interface Member {
  readonly principal: string
  readonly roles: readonly string[]
  /** When the first of the roles was given, and by whom. */
  readonly granted_at: string
  readonly granted_by: string
  /** When roles end, by role; absent when none does. */
  readonly expires_at?: Readonly<Record<string, string>>
}

/** A member to be. */
export const MemberDraft = z.strictObject({
  principal: PrincipalName.refine(
    (name) => !/[/\\;%]|^\.\.?$/.test(name),
    "must hold none of / \\ ; %, which no path of the members API can name; use role bindings for it",
  ),
  roles: z.array(RoleName).min(1).max(64).default(["Editor"]),
  expires_at: ExpiresAt.nullish(),
})
export type MemberDraft = Readonly<z.input<typeof MemberDraft>>

/** The roles that a member shall have, instead of the present ones. */
export const MemberChange = z.strictObject({ roles: z.array(RoleName).min(1).max(64), expires_at: ExpiresAt.nullish() })
export type MemberChange = Readonly<z.input<typeof MemberChange>>

/** Who is in a workspace. */
export interface Members {
  /** By principal. */
  list(caller: Principal, workspace: string): Promise<{ readonly data: readonly Member[] }>
  /** Gives roles beside those that are held. Again: changes nothing, unless it says when they expire. */
  create(caller: Principal, workspace: string, member: MemberDraft, options?: WriteOptions): Promise<Written<Member>>
  /** Gives and takes roles, so that the member holds exactly these, for good or until `expires_at`. @throws {PdpError} `ERR_CONFLICT` for the last Admin */
  update(caller: Principal, workspace: string, principal: string, change: MemberChange, options?: WriteOptions): Promise<Written<Member>>
  /** Takes all roles. @throws {PdpError} `ERR_NOT_FOUND`, `ERR_CONFLICT` for the last Admin */
  delete(caller: Principal, workspace: string, principal: string, options?: WriteOptions): Promise<Written<Deleted>>
}

/** @param now milliseconds since the epoch */
export function members(access: Access, now: () => number): Members {
  return {
    list: (caller, workspace) =>
      access.read(caller, entitiesOperation("GET", workspace, "members"), async (sql) => {
        await workspaceNamed(sql, workspace)
        return { data: membersOf(await activeBindings(sql, workspace, now())) }
      }),
    create: async (caller, workspace, draft, options = {}) => {
      const { principal, roles, expires_at: expiresAt } = parseInput(MemberDraft, draft, "the member")
      return access.write(caller, entitiesOperation("POST", workspace, "members"), options, async (writing) => {
        const { transaction, actor } = writing
        await workspaceNamed(transaction, workspace)
        assertAhead(expiresAt, transaction.now)
        const held = await activeBindings(transaction, workspace, transaction.now, principal)
        const wanted = wantedOf(held, { principal, workspace, roles, expiresAt })
        // All that is asked for, and not only what is new: who may not give a role is not told who has it.
        await assertMay(writing, [], wantedOf([], { principal, workspace, roles, expiresAt }))
        const give = () => grantBindings(transaction, actor, wanted)
        await (expiresAt ? keepingAnAdmin(transaction, workspace, give) : give())
        return memberIn(transaction, workspace, principal)
      })
    },
    update: async (caller, workspace, principal, change, options = {}) => {
      const { roles, expires_at: expiresAt } = parseInput(MemberChange, change, "the roles")
      parseInput(PrincipalName, principal, "the principal")
      return access.write(caller, entitiesOperation("PUT", workspace, "members", principal), options, async (writing) => {
        const { transaction, actor } = writing
        await workspaceNamed(transaction, workspace)
        assertAhead(expiresAt, transaction.now)
        const held = await activeBindings(transaction, workspace, transaction.now, principal)
        const unwanted = held.filter(({ role }) => !roles.includes(role))
        const wanted = wantedOf([], { principal, workspace, roles, expiresAt })
        await assertMay(writing, unwanted, wanted)
        await keepingAnAdmin(transaction, workspace, async () => {
          await revokeBindings(transaction, actor, namesOf(unwanted))
          await grantBindings(transaction, actor, wanted)
        })
        return memberIn(transaction, workspace, principal)
      })
    },
    delete: (caller, workspace, principal, options = {}) =>
      access.write(caller, entitiesOperation("DELETE", workspace, "members", principal), options, async (writing) => {
        const { transaction, actor } = writing
        await workspaceNamed(transaction, workspace)
        const held = await activeBindings(transaction, workspace, transaction.now, principal)
        if (held.length === 0) throw new PdpError("ERR_NOT_FOUND", `Member '${principal}' not found in workspace '${workspace}'`)
        await assertMay(writing, held, [])
        await keepingAnAdmin(transaction, workspace, () => revokeBindings(transaction, actor, namesOf(held)))
        return { id: principal, message: `Member '${principal}' removed from workspace '${workspace}'`, deleted_count: held.length }
      }),
  }
}

interface Wanted extends Pick<RoleBinding, "principal" | "workspace"> {
  readonly roles: readonly string[]
  /** Null: for good. Undefined: for good, and what is held stays as it is. */
  readonly expiresAt: string | null | undefined
}

/** The bindings to be written. */
function wantedOf(held: readonly StoredRoleBinding[], { principal, workspace, roles, expiresAt }: Wanted): readonly RoleBinding[] {
  const kept = new Set(expiresAt === undefined ? held.map(({ role }) => role) : [])
  const wanted = [...new Set(roles)].filter((role) => !kept.has(role))
  return wanted.map((role) => ({ principal, workspace, role, ...(expiresAt && { expires_at: expiresAt }) }))
}

/** Before anything changes: who gives up roles of his own has them until then. */
async function assertMay({ grants }: Writing, taken: readonly StoredRoleBinding[], given: readonly RoleBinding[]): Promise<void> {
  for (const { principal, workspace, role } of taken) await grants.assertMayRevoke({ principal, workspace, role })
  for (const binding of given) await grants.assertMayGrant(binding)
}

function namesOf(held: readonly StoredRoleBinding[]): readonly string[] {
  return held.map(({ name }) => name)
}

async function memberIn(transaction: WriteTransaction, workspace: string, principal: string): Promise<Member> {
  const [member] = membersOf(await activeBindings(transaction, workspace, transaction.now, principal))
  if (!member) throw new PdpError("ERR_NOT_FOUND", `Member '${principal}' not found in workspace '${workspace}'`)
  return member
}

async function activeBindings(sql: Sql, workspace: string, now: number, principal?: string): Promise<readonly StoredRoleBinding[]> {
  const rows = await sql.all(
    `SELECT ${roleBindingColumns} FROM portcullis_role_bindings
     WHERE workspace = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) ${principal === undefined ? "" : "AND principal = ?"}
     ORDER BY principal, role`,
    ...[workspace, now, ...(principal === undefined ? [] : [principal])],
  )
  return rows.map(readRoleBinding)
}

/** @param bindings in the order of their principals */
function membersOf(bindings: readonly StoredRoleBinding[]): readonly Member[] {
  const byPrincipal = new Map<string, StoredRoleBinding[]>()
  for (const binding of bindings) byPrincipal.set(binding.principal, [...(byPrincipal.get(binding.principal) ?? []), binding])
  return [...byPrincipal].map(([principal, held]) => {
    const first = held.reduce((earliest, one) => (one.grantedAt < earliest.grantedAt ? one : earliest))
    return { principal, roles: held.map(({ role }) => role), granted_at: timeText(first.grantedAt), granted_by: first.grantedBy, ...endsOf(held) }
  })
}

function endsOf(held: readonly StoredRoleBinding[]): Pick<Member, "expires_at"> {
  const ends = held.flatMap(({ role, expiresAt }) => (expiresAt === null ? [] : [[role, timeText(expiresAt)] as const]))
  return ends.length === 0 ? {} : { expires_at: Object.fromEntries(ends) }
}
