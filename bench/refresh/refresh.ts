import { join } from "node:path"
import { z } from "zod"
import { inTemporaryFolder } from "../files.js"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { atMost, figure, type Row } from "../row.js"
import { quantile, median } from "../statistics.js"

const size = 1_000_000
const pushes = 500
const replacements = 5

const Probe = z.object({ cpuMs: z.array(z.number()), latencyMs: z.array(z.number()), stallMs: z.array(z.number()) })

/** P10 and P11: one change of a million bindings, until it decides. */
export async function refresh(): Promise<readonly Row[]> {
  const script = new URL("./refresh-probe.js", import.meta.url)
  progress("refresh: memory source")
  const pushed = await probed(script, ["memory", String(size), String(pushes)], Probe)
  progress("refresh: file source")
  const replaced = await inTemporaryFolder((folder) =>
    probed(script, ["file", String(size), String(replacements), join(folder, "bindings.ndjson")], Probe),
  )
  const p99 = quantile(
    pushed.latencyMs.toSorted((left, right) => left - right),
    0.99,
  )
  return [
    ...rowsOf("pushed by the memory source", pushed),
    { part: "refresh", what: "write to the memory source until decided on, p99", value: p99, unit: "ms", ...atMost("P11", 10, "ms", p99) },
    ...rowsOf("in a replaced NDJSON file", replaced),
    { part: "refresh", what: "1 change of 1 M in a replaced NDJSON file, until decided on", ...figure(replaced.latencyMs, "ms") },
  ]
}

function rowsOf(how: string, { cpuMs, stallMs }: z.infer<typeof Probe>): readonly Row[] {
  const what = `1 change of 1 M ${how}`
  return [
    { part: "refresh", what: `${what}, CPU`, ...figure(cpuMs, "ms"), ...atMost("P10", 1, "ms", median(cpuMs)) },
    { part: "refresh", what: `${what}, longest stall`, ...figure(stallMs, "ms") },
  ]
}
