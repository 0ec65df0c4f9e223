import { grantBindings, isActive, readRoleBinding, roleBindingColumns, roleBindingName, type Database } from "../database/index.js"
import type { RoleBinding } from "../model/role-binding.js"
import { addWorkspaces } from "./workspace-rows.js"

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
  /** The roles there are; what needs another one is left out. Default: any. */
  readonly roles?: ReadonlySet<string>
}

/** What {@link seed} did and left. */
export interface Seeded {
  readonly granted: readonly RoleBinding[]
  /** Were there once and have been revoked, or have expired: an operator's choice, which stands. */
  readonly leftRevoked: readonly RoleBinding[]
  /** Name roles that the authorization data does not have. */
  readonly leftOut: readonly RoleBinding[]
}

/** Grants what the configuration says, once: what somebody has revoked stays revoked. */
export async function seed(database: Database, options: SeedOptions): Promise<Seeded> {
  const { value } = await database.write(async (transaction) => {
    await addWorkspaces(transaction, actor, ["system"], "Holds what belongs to no other workspace.")
    if (options.defaultWorkspace !== undefined) await addWorkspaces(transaction, actor, [options.defaultWorkspace])
    const granted: RoleBinding[] = []
    const leftRevoked: RoleBinding[] = []
    const wanted = bindingsOf(options)
    const possible = wanted.filter(({ role }) => options.roles?.has(role) ?? true)
    for (const binding of possible) {
      const [known] = await transaction.all(`SELECT ${roleBindingColumns} FROM portcullis_role_bindings WHERE name = ?`, roleBindingName(binding))
      if (!known) granted.push(binding)
      else if (!isActive(readRoleBinding(known), transaction.now)) leftRevoked.push(binding)
    }
    await grantBindings(transaction, actor, granted)
    return { granted, leftRevoked, leftOut: wanted.filter((binding) => !possible.includes(binding)) }
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
