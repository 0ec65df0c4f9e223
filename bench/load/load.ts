import { join } from "node:path"
import { z } from "zod"
import { authorizationData } from "../clone.js"
import { inTemporaryFolder, writeBindings } from "../files.js"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { atMost, figure, type Row } from "../row.js"
import { startSidecar } from "../server-process.js"
import { median } from "../statistics.js"
import { bindingsOf } from "../world.js"

const size = 1_000_000
const rounds = 5

/** P9 and P14: what it takes to load a million bindings, and to start. */
export async function load(): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => {
    const files = { million: join(folder, "bindings.ndjson"), none: join(folder, "none.ndjson") }
    writeBindings(files.million, bindingsOf(size))
    writeBindings(files.none, bindingsOf(1))
    return [...(await loads("memory", "from memory", [])), ...(await loads("file", "from NDJSON", [files.million])), ...(await starts(files))]
  })
}

const Probe = z.object({ ms: z.number(), stallMs: z.number(), residentMb: z.number(), heapMb: z.number() })
type Probe = z.infer<typeof Probe>

async function loads(kind: string, name: string, more: readonly string[]): Promise<readonly Row[]> {
  const loaded: Probe[] = []
  const read: Probe[] = []
  const script = new URL("./load-probe.js", import.meta.url)
  for (let round = 0; round < rounds; round++) {
    progress(`load: ${name}, round ${round + 1} of ${rounds}`)
    loaded.push(await probed(script, [kind, "load", String(size), ...more], Probe))
    read.push(await probed(script, [kind, "read", String(size), ...more], Probe))
  }
  const beyond = loaded.map(({ ms }, round) => (ms - (read[round]?.ms ?? 0)) / 1_000)
  const added = loaded.map(({ residentMb, heapMb }) => Math.max(residentMb, heapMb))
  const stalls = loaded.map(({ stallMs }) => stallMs)
  const readSeconds = read.map(({ ms }) => ms / 1_000)
  const what = (of: string) => `1 M bindings ${name}, ${of}`
  return [
    { part: "load", what: what("reading the source alone"), ...figure(readSeconds, "s") },
    { part: "load", what: what("time beyond that"), ...figure(beyond, "s"), ...atMost("P9", 2, "s", median(beyond)) },
    { part: "load", what: what("memory added"), ...figure(added, "MB"), ...atMost("P9", 150, "MB", median(added)) },
    { part: "load", what: what("longest stall"), ...figure(stalls, "ms"), ...atMost("P9", 20, "ms", median(stalls)) },
  ]
}

async function starts(files: Readonly<Record<"million" | "none", string>>): Promise<readonly Row[]> {
  const none: number[] = []
  const million: number[] = []
  for (let round = 0; round < rounds; round++) {
    progress(`load: starting the sidecar, round ${round + 1} of ${rounds}`)
    none.push(await startSeconds(files.none))
    million.push(await startSeconds(files.million))
  }
  return [
    { part: "load", what: "start of the sidecar until ready, 1 binding", ...figure(none, "s"), ...atMost("P14", 0.5, "s", median(none)) },
    {
      part: "load",
      what: "start of the sidecar until ready, 1 M bindings from NDJSON",
      ...figure(million, "s"),
      ...atMost("P14", 3, "s", median(million)),
    },
  ]
}

async function startSeconds(bindings: string): Promise<number> {
  const sidecar = await startSidecar(["--data", authorizationData, "--bindings", bindings])
  await sidecar.stop()
  return sidecar.readyMs / 1_000
}
