import { setTimeout as pause } from "node:timers/promises"
import { createPdp, fileSource, memorySource, type Source } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { sourceAt } from "../database/place.js"
import { watchStalls } from "../stall.js"
import { bindingsOf } from "../world.js"

/** `load-probe memory|file|sqlite|postgres load|read SIZE [PLACE]`: prints what one load of a million bindings into a PDP, or only reading the source, takes. */
const [kind = "", what, size, place = ""] = process.argv.slice(2)
const settleMs = 2_000
const source = await namedSource()
const before = await settledMemory()
const { ms, cpuMs, stallMs } = what === "read" ? await readOnly(source) : await loaded(source)
const after = await settledMemory()
process.stdout.write(
  JSON.stringify({ ms, cpuMs, stallMs, residentMb: (after.rss - before.rss) / 1e6, heapMb: (after.heapUsed - before.heapUsed) / 1e6 }),
)
process.exit(0)

/** Of what is held: once the garbage has been collected, V8 takes its time to give the pages back. */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  globalThis.gc?.()
  if (what === "load") await pause(settleMs)
  return process.memoryUsage()
}

/** A database is connected by then, and its driver loaded. */
async function namedSource(): Promise<Source> {
  if (kind === "memory") return memorySource(bindingsOf(Number(size)))
  if (kind === "file") return fileSource({ path: place })
  const inDatabase = sourceAt(kind, place)
  await inDatabase.database.open()
  return inDatabase
}

interface Times {
  readonly ms: number
  /** Of this process, all threads. */
  readonly cpuMs: number
  readonly stallMs: number
}

/** Reads the source to its end, and does nothing with what it reads. */
async function readOnly(read: Source): Promise<Times> {
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const news = await read.read(undefined, new AbortController().signal)
  if (news.kind === "snapshot") for await (const page of news.pages) void page
  return { ms: performance.now() - startedAt, cpuMs: cpuMsSince(cpuBefore), stallMs: 0 }
}

/** Loads a PDP. Clock and stall watch start when it asks for the bindings: the policy has been loaded then. */
async function loaded(read: Source): Promise<Times> {
  let startedAt = 0
  let cpuBefore = process.cpuUsage()
  let stopWatching = async () => 0
  const clocked: Source = {
    name: read.name,
    read: (after, signal) => {
      startedAt = performance.now()
      cpuBefore = process.cpuUsage()
      stopWatching = watchStalls()
      return read.read(after, signal)
    },
    close: () => read.close(),
  }
  const pdp = await createPdp({ authorizationData, source: clocked })
  const ms = performance.now() - startedAt
  const cpuMs = cpuMsSince(cpuBefore)
  const stallMs = await stopWatching()
  if (pdp.status().bindings !== Number(size)) throw new Error(`${pdp.status().bindings} bindings were loaded, not ${size}`)
  return { ms, cpuMs, stallMs }
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
