import { placeList, type Committed, type Database, type Sql, type WriteTransaction } from "../database/index.js"
import { formatRevision } from "../model/revision.js"
import type { Principal } from "../model/principal.js"
import type { RoleBinding } from "../model/role-binding.js"
import { assertAllowed, type Decisions, type Lookups, type Pdp } from "../pdp/index.js"
import { actorOf } from "./actor.js"
import { grants, type Grants } from "./grants.js"
import { recalled, remember, type Idempotency } from "./idempotency.js"
import type { Operation } from "./operation.js"

/** How everything here reads and writes: the policy is asked first. */
export interface Access {
  /** @throws {PdpError} `ERR_DENIED`, `ERR_UNAUTHENTICATED`, and what the work throws */
  read<Value>(caller: Principal, operation: Operation, work: (sql: Sql) => Promise<Value>): Promise<Value>
  /**
   * Writes in one transaction. The policy decides inside it on the bindings that it sees, so nobody writes with rights that were just taken away.
   *
   * @throws {PdpError} `ERR_DENIED`, `ERR_UNAUTHENTICATED`, `ERR_IDEMPOTENCY_KEY_REUSED`, and what the work throws
   */
  write<Value>(caller: Principal, operation: Operation, options: WriteOptions, work: (writing: Writing) => Promise<Value>): Promise<Written<Value>>
}

/** Options of every write. */
export interface WriteOptions {
  /** The same key and content again gets the first answer, and writes nothing, for 24 hours. */
  readonly idempotency?: Idempotency
}

/** What a write came to. */
export interface Written<Value> {
  readonly value: Value
  /** `pdp.atLeast` waits for it. */
  readonly revision: string
  /** True when an idempotency key was recognised: nothing was written this time. */
  readonly replayed: boolean
}

/** One write under way. */
export interface Writing {
  readonly transaction: WriteTransaction
  readonly caller: Principal
  /** Who writes, for the record. */
  readonly actor: string
  readonly grants: Grants
}

/** @param database where the PDP's bindings come from */
export function protectedAccess(pdp: Pdp, database: Database): Access {
  return {
    read: async (caller, operation, work) => {
      assertAllowed(pdp, { principal: caller, ...operation })
      return database.read(work)
    },
    async write<Value>(caller: Principal, operation: Operation, { idempotency }: WriteOptions, work: (writing: Writing) => Promise<Value>) {
      const actor = actorOf(caller)
      const route = `${operation.method} ${operation.path}`
      const { value: done, revision } = await database.write(async (transaction): Promise<Replay<Value>> => {
        const request = { principal: caller, ...operation }
        const decisionsOn = (lookups: Lookups): Promise<Decisions> => decisionsIn(transaction, pdp, lookups)
        assertAllowed(await decisionsOn(pdp.lookups(request)), request)
        const before = idempotency && (await recalled<Value>(transaction, identityOf(caller), route, idempotency))
        if (before) return { replay: before }
        const value = await work({ transaction, caller, actor, grants: grants(pdp, caller, decisionsOn) })
        if (idempotency) await remember(transaction, identityOf(caller), route, idempotency, value)
        return { value }
      })
      return written(done, revision)
    },
  }
}

type Replay<Value> = { readonly value: Value } | { readonly replay: { readonly value: Value; readonly revision: string } }

function written<Value>(done: Replay<Value>, revision: Committed<unknown>["revision"]): Written<Value> {
  return "replay" in done ? { ...done.replay, replayed: true } : { value: done.value, revision: formatRevision(revision), replayed: false }
}

/** Who a key belongs to. Not the actor: that is a text for people, and two callers could share it. */
function identityOf({ kind, id, onBehalfOf }: Principal): string {
  return JSON.stringify([kind ?? "person", id, onBehalfOf?.id ?? null])
}

/** The policy on what a transaction sees of the bindings that a decision can need. */
async function decisionsIn(transaction: WriteTransaction, pdp: Pdp, { principals, workspaces }: Lookups): Promise<Decisions> {
  const rows = await transaction.all(
    `SELECT principal, workspace, role FROM portcullis_role_bindings
     WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
       AND principal IN ${placeList(principals)} AND workspace IN ${placeList(workspaces)}`,
    transaction.now,
    ...principals,
    ...workspaces,
  )
  return pdp.whatIf(
    rows.map(({ principal, workspace, role }): RoleBinding => ({ principal: String(principal), workspace: String(workspace), role: String(role) })),
  )
}
