import type { Database } from "../database/index.js"
import type { Pdp } from "../pdp/index.js"
import { protectedAccess } from "./access.js"
import { changes, type Changes } from "./changes.js"
import { entities, type Entities } from "./entities.js"
import { members, type Members } from "./members.js"
import { roleBindings, type RoleBindings } from "./role-bindings.js"
import { workspaces, type Workspaces } from "./workspaces.js"

/** Options of {@link createAdministration}. */
export interface AdministrationOptions {
  /** Says who may do what. */
  readonly pdp: Pdp
  /** Where the PDP's bindings come from: `source.database` of a `sqliteSource` or `postgresSource`. */
  readonly database: Database
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * Workspaces, members, role bindings, entities, and the history of their changes. Every call names its caller, and the policy is asked about the
 * HTTP operation that stands for it; writes are asked inside their transaction. A write resolves when it is durable; `pdp.atLeast(revision)` says
 * when decisions reflect it.
 */
export interface Administration {
  readonly workspaces: Workspaces
  readonly members: Members
  readonly roleBindings: RoleBindings
  readonly entities: Entities
  readonly changes: Changes
}

export function createAdministration({ pdp, database, now = Date.now }: AdministrationOptions): Administration {
  const access = protectedAccess(pdp, database)
  return {
    workspaces: workspaces(pdp, access),
    members: members(access, now),
    roleBindings: roleBindings(access, now),
    entities: entities(access),
    changes: changes(access),
  }
}
