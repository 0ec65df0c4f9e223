import type { Extent } from "../extent.js"
import { inTemporaryFolder } from "../files.js"
import type { Row } from "../row.js"
import { activationRows } from "./activation-rows.js"
import { buildRows } from "./build-rows.js"
import { opaRows } from "./opa-rows.js"
import { sizesOf } from "./sizes.js"
import { writeTodoBundles } from "./todo-bundles.js"
import { unchangedRows } from "./unchanged-rows.js"
import { waiterRows } from "./waiter-rows.js"

/** P12, and what bundles cost: to build, to give out, and to take. */
export async function bundles(extent: Extent): Promise<readonly Row[]> {
  const rows: Row[] = [...(await opaRows(extent))]
  for (const size of sizesOf(extent))
    await inTemporaryFolder(async (folder) => {
      rows.push(...(await buildRows(size, extent, folder)))
      rows.push(...(await activationRows("own", `bundle of Portcullis, ${size.name} bindings`, extent, folder)))
      await writeTodoBundles(size.count, folder)
      rows.push(...(await activationRows("wasm", `WASM bundle, ${size.name} people in its data`, extent, folder)))
    })
  return [...rows, ...(await unchangedRows(extent)), ...(await waiterRows(extent))]
}
