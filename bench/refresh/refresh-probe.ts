import { renameSync } from "node:fs"
import { grantBindings } from "../../src/database/index.js"
import { createPdp, fileSource, memorySource, type Pdp, type RoleBinding, type Source } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { sourceAt } from "../database/place.js"
import { writeBindings } from "../files.js"
import { newcomer, questionAbout } from "../newcomer.js"
import { watchStalls } from "../stall.js"
import { bindingsOf } from "../world.js"

/** `refresh-probe memory|file|sqlite|postgres SIZE CHANGES [PLACE]`: prints what each of some changes takes until a PDP decides on it. */
const [kind = "", size, changes, place = ""] = process.argv.slice(2)
const cpuMs: number[] = []
const latencyMs: number[] = []
const { pdp, prepare, change } = kind === "file" ? await fromFile(place) : kind === "memory" ? await fromMemory() : await fromDatabase()
for (let warmUp = 1; warmUp <= Number(changes) / 5; warmUp++) {
  await prepare(newcomer(-warmUp))
  await change(newcomer(-warmUp))
}
globalThis.gc?.()
const stallMs: number[] = []
for (let at = 0; at < Number(changes); at++) {
  await prepare(newcomer(at))
  const stopWatching = watchStalls()
  await measured(pdp, at)
  stallMs.push(await stopWatching())
}
process.stdout.write(JSON.stringify({ cpuMs, latencyMs, stallMs }))
process.exit(0)

async function measured(deciding: Pdp, at: number): Promise<void> {
  const person = newcomer(at)
  const request = questionAbout(person)
  if (deciding.authorize(request).allowed) throw new Error(`${person.principal} is allowed before the change`)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await change(person)
  latencyMs.push(performance.now() - startedAt)
  const { user, system } = process.cpuUsage(cpuBefore)
  cpuMs.push((user + system) / 1_000)
  if (!deciding.authorize(request).allowed) throw new Error(`${person.principal} is denied after the change`)
}

interface Changing {
  readonly pdp: Pdp
  /** What is not measured. */
  readonly prepare: (binding: RoleBinding) => Promise<void> | void
  /** Resolves when decisions rest on the change. */
  readonly change: (binding: RoleBinding) => Promise<void>
}

/** Pushed: nobody asks, the PDP hears of it. */
async function fromMemory(): Promise<Changing> {
  const source = memorySource(bindingsOf(Number(size)))
  const pdp = await createPdp({ authorizationData, source })
  return { pdp, prepare: () => undefined, change: (binding) => activated(pdp, () => source.add(binding)) }
}

function activated(deciding: Pdp, push: () => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = deciding.on("activation", () => {
      stop()
      resolve()
    })
    push()
  })
}

/** The whole file is replaced, one line longer. Nobody watches it: the refresh is asked for, as the timer would. */
async function fromFile(file: string): Promise<Changing> {
  const bindings = bindingsOf(Number(size))
  writeBindings(file, bindings)
  const source = fileSource({ path: file })
  const pdp = await createPdp({ authorizationData, source: unwatched(source) })
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

/** Written before; then the PDP is told that there is news. */
async function fromDatabase(): Promise<Changing> {
  const source = sourceAt(kind, place)
  let push = (): void => undefined
  const subscribe = (onNews: () => void) => {
    push = onNews
    return () => undefined
  }
  const pdp = await createPdp({ authorizationData, source: { ...unwatched(source), subscribe } })
  if (pdp.status().bindings < Number(size)) throw new Error(`${pdp.status().bindings} bindings were loaded, not ${size}`)
  const prepare = async (binding: RoleBinding) => void (await source.database.write((transaction) => grantBindings(transaction, "bench", [binding])))
  return { pdp, prepare, change: () => activated(pdp, () => push()) }
}

function unwatched(source: Source): Source {
  return { name: source.name, read: source.read.bind(source), close: source.close.bind(source) }
}
