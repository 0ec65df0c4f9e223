import { join } from "node:path"
import { z } from "zod"
import { sqlitePlace } from "../database/place.js"
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
  const { at, name, durability } = sqlitePlace(join(folder, "portcullis.db"))
  progress(`propagation: same process, ${name}`)
  const { writeMs, visibleMs } = await probed(new URL("./same-process-probe.js", import.meta.url), [at, String(grants)], Probe)
  return [
    ...rowsOf(`members.create on ${name}, called until answered`, writeMs, { note: durability }),
    ...rowsOf(`members.create on ${name}, answered until decided on in the same process`, visibleMs, { mostMs: 10 }),
  ]
}

async function overHttp(folder: string): Promise<readonly Row[]> {
  const { at, name, durability } = sqlitePlace(join(folder, "served.db"))
  progress(`propagation: over HTTP, ${name}`)
  const { writeMs, visibleMs } = await httpGrants(folder, at, grants)
  return [
    ...rowsOf(`POST member, sidecar on ${name}, sent until answered "propagated": true`, writeMs, { note: durability }),
    ...rowsOf(`POST member, sidecar on ${name}, answered until the next question is allowed`, visibleMs, { mostMs: 10 }),
  ]
}

function otherProcess(): Promise<readonly Row[]> {
  return withPostgres("propagation", async ({ place: { at, name, durability } }) => {
    progress(`propagation: two processes, ${name}`)
    const { writeMs, visibleMs } = await probed(new URL("./other-process-probe.js", import.meta.url), [at, String(grants)], Probe)
    return [
      ...rowsOf(`members.create on ${name}, called until answered`, writeMs, { note: durability }),
      ...rowsOf(`members.create on ${name}, answered until decided on in another process`, visibleMs, { mostMs: 50 }),
    ]
  })
}

/** @param mostMs what P11 allows for the 99th percentile */
function rowsOf(what: string, ms: readonly number[], { mostMs, note }: { readonly mostMs?: number; readonly note?: string }): readonly Row[] {
  const p99 = percentile(ms, 0.99)
  const noted = note === undefined ? {} : { note }
  const target = mostMs === undefined ? {} : atMost("P11", mostMs, "ms", p99)
  return [
    { part: "propagation", what: `${what}, p50`, ...noted, value: percentile(ms, 0.5), unit: "ms" },
    { part: "propagation", what: `${what}, p99`, ...noted, value: p99, unit: "ms", ...target },
  ]
}
