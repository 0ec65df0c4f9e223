import { join } from "node:path"
import { z } from "zod"
import { sqliteName } from "../database/place.js"
import { inTemporaryFolder } from "../files.js"
import { withPostgres } from "../postgres-server.js"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { atMost, type Row } from "../row.js"
import { percentile } from "../statistics.js"
import { httpGrants } from "./http-grants.js"

const grants = 500

const Probe = z.object({ writeMs: z.array(z.number()), visibleMs: z.array(z.number()) })

/** P11: from the answer to a grant until it decides. */
export async function propagation(): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => [...(await sameProcess(folder)), ...(await overHttp(folder)), ...(await otherProcess())])
}

async function sameProcess(folder: string): Promise<readonly Row[]> {
  progress("propagation: same process, SQLite")
  const script = new URL("./same-process-probe.js", import.meta.url)
  const { writeMs, visibleMs } = await probed(script, [join(folder, "portcullis.db"), String(grants)], Probe)
  return [
    ...rowsOf(`members.create on ${sqliteName}, called until answered`, writeMs),
    ...rowsOf(`members.create on ${sqliteName}, answered until decided on in the same process`, visibleMs, 10),
  ]
}

async function overHttp(folder: string): Promise<readonly Row[]> {
  progress("propagation: over HTTP, SQLite")
  const { writeMs, visibleMs } = await httpGrants(folder, grants)
  return [
    ...rowsOf(`POST member to the sidecar on ${sqliteName}, sent until answered with propagated: true`, writeMs),
    ...rowsOf(`POST member to the sidecar on ${sqliteName}, answered until the first question is answered: allowed`, visibleMs, 10),
  ]
}

function otherProcess(): Promise<readonly Row[]> {
  return withPostgres("propagation", async ({ name, url }) => {
    progress(`propagation: two processes, ${name}`)
    const { writeMs, visibleMs } = await probed(new URL("./other-process-probe.js", import.meta.url), [url, String(grants)], Probe)
    return [
      ...rowsOf(`members.create on ${name}, called until answered`, writeMs),
      ...rowsOf(`members.create on ${name}, answered until decided on in another process`, visibleMs, 50),
    ]
  })
}

/** @param mostMs what P11 allows for the 99th percentile */
function rowsOf(what: string, ms: readonly number[], mostMs?: number): readonly Row[] {
  const p99 = percentile(ms, 0.99)
  const target = mostMs === undefined ? {} : atMost("P11", mostMs, "ms", p99)
  return [
    { part: "propagation", what: `${what}, p50`, value: percentile(ms, 0.5), unit: "ms" },
    { part: "propagation", what: `${what}, p99`, value: p99, unit: "ms", ...target },
  ]
}
