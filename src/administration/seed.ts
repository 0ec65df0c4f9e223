import { randomUUID } from "node:crypto"
import { grantBindings, roleBindingName, type Database, type WriteTransaction } from "../database/index.js"
import type { RoleBinding } from "../model/role-binding.js"

/** What a new installation begins with. Each part can be left out. */
export interface SeedOptions {
  /** Becomes PlatformAdmin. */
  readonly adminEmail?: string | undefined
  /** Is made, and everybody becomes Editor in it. */
  readonly defaultWorkspace?: string | undefined
  /** Everybody becomes Editor in the default workspace. */
  readonly everybodyEdits: boolean
  /** Everybody becomes Viewer in `system`, and so may list workspaces. */
  readonly everybodyViews: boolean
  /** Everybody becomes WorkspaceCreator in `system`. */
  readonly everybodyCreates: boolean
}

/** What {@link seed} did and left. */
export interface Seeded {
  readonly granted: readonly RoleBinding[]
  /** Were there once and have been revoked: an operator's choice, which stands. */
  readonly leftRevoked: readonly RoleBinding[]
}

/** Grants what the configuration says, once: what somebody has revoked stays revoked. */
export async function seed(database: Database, options: SeedOptions): Promise<Seeded> {
  const { value } = await database.write(async (transaction) => {
    await addWorkspace(transaction, "system", "Holds what belongs to no other workspace.")
    if (options.defaultWorkspace !== undefined) await addWorkspace(transaction, options.defaultWorkspace, "")
    const granted: RoleBinding[] = []
    const leftRevoked: RoleBinding[] = []
    for (const binding of bindingsOf(options)) {
      const [known] = await transaction.all("SELECT revoked_at FROM portcullis_role_bindings WHERE name = ?", roleBindingName(binding))
      if (!known) granted.push(binding)
      else if (known["revoked_at"] !== null) leftRevoked.push(binding)
    }
    await grantBindings(transaction, actor, granted)
    return { granted, leftRevoked }
  })
  return value
}

const actor = "system:seed"

function bindingsOf({ adminEmail, defaultWorkspace, everybodyEdits, everybodyViews, everybodyCreates }: SeedOptions): readonly RoleBinding[] {
  return [
    ...(adminEmail === undefined ? [] : [{ principal: adminEmail, workspace: "system", role: "PlatformAdmin" }]),
    ...(everybodyViews ? [{ principal: "*", workspace: "system", role: "Viewer" }] : []),
    ...(everybodyCreates ? [{ principal: "*", workspace: "system", role: "WorkspaceCreator" }] : []),
    ...(everybodyEdits && defaultWorkspace !== undefined ? [{ principal: "*", workspace: defaultWorkspace, role: "Editor" }] : []),
  ]
}

async function addWorkspace(transaction: WriteTransaction, name: string, description: string): Promise<void> {
  const { now } = transaction
  const added = await transaction.all(
    `INSERT INTO portcullis_workspaces (name, id, description, created_at, created_by, updated_at, updated_by)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING name`,
    ...[name, randomUUID(), description, now, actor, now, actor],
  )
  if (added.length > 0) await transaction.journal({ actor, action: "workspace.created", workspace: name })
}
