import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { authn } from "./authn/authn.js"
import { bundles } from "./bundles/bundles.js"
import { database } from "./database/database.js"
import { decision } from "./decision/decision.js"
import type { Extent } from "./extent.js"
import { inTemporaryFolder } from "./files.js"
import { gateways } from "./gateways/gateways.js"
import { http } from "./http/http.js"
import { load } from "./load/load.js"
import { propagation } from "./propagation/propagation.js"
import { refresh } from "./refresh/refresh.js"
import { Row, type PartName } from "./row.js"

const parts: Readonly<Record<PartName, (extent: Extent) => Promise<readonly Row[]>>> = {
  decision,
  http,
  authn,
  load,
  refresh,
  propagation,
  database,
  bundles,
  gateways,
}

/** Runs parts, one after the other; several each in a process of its own, so that none inherits another's memory. @returns what they found, in order */
export async function rowsOf(names: readonly PartName[], extent: Extent): Promise<readonly Row[]> {
  const [first, ...others] = names
  if (first === undefined) return []
  if (others.length === 0) return parts[first](extent)
  const rows: Row[] = []
  for (const name of names) rows.push(...(await inTemporaryFolder((folder) => rowsInProcess(name, extent, join(folder, "report.json")))))
  return rows
}

const Report = z.object({ rows: z.array(Row) })

async function rowsInProcess(name: PartName, { isQuick }: Extent, file: string): Promise<readonly Row[]> {
  const main = fileURLToPath(new URL("./main.js", import.meta.url))
  const child = spawn(process.execPath, ["--expose-gc", main, "--only", name, "--json", file, ...(isQuick ? ["--quick"] : [])], {
    stdio: ["ignore", "ignore", "inherit"],
  })
  const [code] = await once(child, "exit")
  if (code !== 0) throw new Error(`part ${name} failed`)
  return Report.parse(JSON.parse(readFileSync(file, "utf8"))).rows
}
