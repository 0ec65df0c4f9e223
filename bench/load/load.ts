import { join } from "node:path"
import { authorizationData } from "../clone.js"
import { inTemporaryFolder, writeBindings } from "../files.js"
import { progress } from "../progress.js"
import { atMost, figure, type Row } from "../row.js"
import { startSidecar } from "../server-process.js"
import { median } from "../statistics.js"
import { bindingsOf } from "../world.js"
import { loadRows } from "./load-rows.js"

const size = 1_000_000
const rounds = 5

/** P9 and P14: what it takes to load a million bindings, and to start. */
export async function load(): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => {
    const files = { million: join(folder, "bindings.ndjson"), none: join(folder, "none.ndjson") }
    writeBindings(files.million, bindingsOf(size))
    writeBindings(files.none, bindingsOf(1))
    return [
      ...(await loadRows("load", "memory", "from memory", size)),
      ...(await loadRows("load", "file", "from NDJSON", size, files.million)),
      ...(await starts(files)),
    ]
  })
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
