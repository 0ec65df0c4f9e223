import { join } from "node:path"
import { inTemporaryFolder } from "../files.js"
import { progress } from "../progress.js"
import { atMost, figure, type Row } from "../row.js"
import { percentile } from "../statistics.js"
import { refreshed, refreshRows } from "./refresh-rows.js"

const size = 1_000_000
const pushes = 500
const replacements = 5

/** P10 and P11: one change of a million bindings, until it decides. */
export async function refresh(): Promise<readonly Row[]> {
  progress("refresh: memory source")
  const pushed = await refreshed("memory", size, pushes)
  progress("refresh: file source")
  const replaced = await inTemporaryFolder((folder) => refreshed("file", size, replacements, join(folder, "bindings.ndjson")))
  const p99 = percentile(pushed.latencyMs, 0.99)
  return [
    ...refreshRows("refresh", "pushed by the memory source", pushed),
    { part: "refresh", what: "write to the memory source until decided on, p99", value: p99, unit: "ms", ...atMost("P11", 10, "ms", p99) },
    ...refreshRows("refresh", "in a replaced NDJSON file", replaced),
    { part: "refresh", what: "1 change of 1 M in a replaced NDJSON file, until decided on", ...figure(replaced.latencyMs, "ms") },
  ]
}
