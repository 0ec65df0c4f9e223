import { renameSync } from "node:fs"
import { createPdp, fileSource, memorySource, type Pdp, type RoleBinding, type Source } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { writeBindings } from "../files.js"
import { watchStalls } from "../stall.js"
import { bindingsOf } from "../world.js"

/** `refresh-probe memory|file SIZE CHANGES [FILE]`: prints what each of some changes takes until a PDP decides on it. */
const [kind, size, changes, file = ""] = process.argv.slice(2)
const bindings = bindingsOf(Number(size))
const cpuMs: number[] = []
const latencyMs: number[] = []
const { pdp, prepare, change } = kind === "file" ? await fromFile() : await fromMemory()
for (let warmUp = 1; warmUp <= Number(changes) / 5; warmUp++) {
  prepare(personOf(-warmUp))
  await change(personOf(-warmUp))
}
globalThis.gc?.()
const stallMs: number[] = []
for (let at = 0; at < Number(changes); at++) {
  prepare(personOf(at))
  const stopWatching = watchStalls()
  await measured(pdp, at)
  stallMs.push(await stopWatching())
}
process.stdout.write(JSON.stringify({ cpuMs, latencyMs, stallMs }))
process.exit(0)

async function measured(deciding: Pdp, at: number): Promise<void> {
  const person = personOf(at)
  const request = { principal: { id: person.principal }, method: "GET", path: `/apis/models/v2/workspaces/${person.workspace}/models` }
  if (deciding.authorize(request).allowed) throw new Error(`${person.principal} is allowed before the change`)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await change(person)
  latencyMs.push(performance.now() - startedAt)
  const { user, system } = process.cpuUsage(cpuBefore)
  cpuMs.push((user + system) / 1_000)
  if (!deciding.authorize(request).allowed) throw new Error(`${person.principal} is denied after the change`)
}

function personOf(at: number): RoleBinding {
  return { principal: `newcomer${at}@example.com`, workspace: "workspace-1", role: "Viewer" }
}

interface Changing {
  readonly pdp: Pdp
  /** What is not measured. */
  readonly prepare: (binding: RoleBinding) => void
  /** Resolves when decisions rest on the change. */
  readonly change: (binding: RoleBinding) => Promise<void>
}

/** Pushed: nobody asks, the PDP hears of it. */
async function fromMemory(): Promise<Changing> {
  const source = memorySource(bindings)
  const pdp = await createPdp({ authorizationData, source })
  const change = (binding: RoleBinding) =>
    new Promise<void>((resolve) => {
      const stop = pdp.on("activation", () => {
        stop()
        resolve()
      })
      source.add(binding)
    })
  return { pdp, prepare: () => undefined, change }
}

/** The whole file is replaced, one line longer. Nobody watches it: the refresh is asked for, as the timer would. */
async function fromFile(): Promise<Changing> {
  writeBindings(file, bindings)
  const source = fileSource({ path: file })
  const unwatched: Source = { name: source.name, read: source.read.bind(source), close: source.close.bind(source) }
  const pdp = await createPdp({ authorizationData, source: unwatched })
  const next = `${file}.next`
  return {
    pdp,
    prepare: (binding) => {
      bindings.push(binding)
      writeBindings(next, bindings)
    },
    change: () => {
      renameSync(next, file)
      return pdp.refresh()
    },
  }
}
