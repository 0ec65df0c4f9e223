import { grantBindings, type Database } from "../database/index.js"
import type { RoleBinding } from "../model/role-binding.js"
import { addWorkspaces } from "./workspace-rows.js"

/** How many things are new. */
export interface Imported {
  readonly bindings: number
  readonly workspaces: number
}

/** Takes bindings over in one transaction, and makes the workspaces that they name. What is there already stays; doing it again changes nothing. */
export async function importBindings(database: Database, actor: string, pages: Iterable<readonly RoleBinding[]>): Promise<Imported> {
  const { value } = await database.write(async (transaction) => {
    const imported = { bindings: 0, workspaces: 0 }
    for (const page of pages) {
      const workspaces = await addWorkspaces(
        transaction,
        actor,
        page.map(({ workspace }) => workspace),
      )
      imported.workspaces += workspaces.length
      imported.bindings += (await grantBindings(transaction, actor, page)).length
    }
    return imported
  })
  return value
}

/** True while nobody has ever been granted anything, and there is no workspace. */
export async function isNew(database: Database): Promise<boolean> {
  const rows = await database.read((sql) => sql.all("SELECT 1 FROM portcullis_role_bindings UNION ALL SELECT 1 FROM portcullis_workspaces LIMIT 1"))
  return rows.length === 0
}
