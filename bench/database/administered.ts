import { createAdministration, createPdp, seed, type Administration, type DatabaseSource, type Pdp } from "../../src/index.js"
import { authorizationData } from "../clone.js"

/** What administers a database in one process, and decides on it. */
export interface Administered {
  readonly pdp: Pdp
  readonly administration: Administration
}

/** May do everything. */
export const administrator = { id: "root@example.com" }

/** Where grants are measured. */
export const workspace = "granted"

/** Opens a source for writing; {@link workspace} is made. */
export async function administered(source: DatabaseSource): Promise<Administered> {
  const { database } = source
  await seed(database, { adminEmail: administrator.id, everybodyEdits: false, everybodyViews: false, everybodyCreates: false })
  const pdp = await createPdp({ authorizationData, source })
  const administration = createAdministration({ pdp, database })
  const { revision } = await administration.workspaces.create(administrator, { name: workspace })
  await pdp.atLeast(revision)
  return { pdp, administration }
}
