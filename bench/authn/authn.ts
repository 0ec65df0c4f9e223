import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { authorizationData } from "../clone.js"
import { inTemporaryFolder, writeBindings } from "../files.js"
import { loadRound, type LoadRequest, type LoadResult, type LoadTarget } from "../http/load-generator.js"
import { progress } from "../progress.js"
import { figure, ratio, type Row } from "../row.js"
import { startPrinting } from "../server-process.js"
import { median } from "../statistics.js"
import { bindingsOf } from "../world.js"
import { startIssuer } from "./issuer.js"

const rounds = 5
const roundSeconds = 1
const warmUpSeconds = 3
const connections = 16
const bindingCount = 1_000
const callers = 200
const audience = "bench"

/** What it costs a server to find out who asks, and to decide: the middleware on bare node:http, by principal headers and by bearer tokens. */
export async function authn(): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => {
    progress("authn: starting the servers")
    const bindings = bindingsOf(bindingCount)
    const bindingsFile = join(folder, "bindings.ndjson")
    writeBindings(bindingsFile, bindings)
    const issuer = await startIssuer(audience)
    const asked = bindings.filter((_, at) => at % (bindingCount / callers) === 0)
    const requestsBy = (headers: (id: string) => Promise<Readonly<Record<string, string>>>): Promise<readonly LoadRequest[]> =>
      Promise.all(
        asked.map(async ({ principal, workspace }) => ({
          method: "GET",
          path: `/apis/entities/v2/workspaces/${workspace}`,
          headers: await headers(principal),
        })),
      )
    const byHeaders = await requestsBy(async (id) => ({ "X-NMP-Principal-Id": id }))
    const byToken = await requestsBy(async (id) => ({ Authorization: `Bearer ${await issuer.token(id)}` }))
    const targets: LoadTarget[] = []
    try {
      for (const [mode, requests] of [
        ["open", byHeaders],
        ["headers", byHeaders],
        ["remembered", byToken],
        ["verified", byToken],
      ] as const)
        targets.push({ name: mode, server: await start(mode, [issuer.url, audience, authorizationData, bindingsFile]), requests })
      return await measured(targets)
    } finally {
      for (const { server } of targets) await server.stop()
      issuer.stop()
    }
  })
}

function start(mode: string, more: readonly string[]): ReturnType<typeof startPrinting> {
  return startPrinting(process.execPath, [fileURLToPath(new URL("./guarded-server.js", import.meta.url)), mode, ...more])
}

async function measured(targets: readonly LoadTarget[]): Promise<readonly Row[]> {
  progress("authn: warming up")
  for (const target of targets) await loadRound(target, connections, warmUpSeconds)
  progress(`authn: ${connections} connections`)
  const results = new Map<string, LoadResult[]>(targets.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const target of targets) results.get(target.name)?.push(await loadRound(target, connections, roundSeconds))
  return targets.map(({ name }) => rowOf(name, results))
}

function rowOf(name: string, results: ReadonlyMap<string, readonly LoadResult[]>): Row {
  const numbers = (of: string, member: keyof LoadResult): readonly number[] => (results.get(of) ?? []).map((result) => result[member])
  const latency = `p50 ${median(numbers(name, "p50")).toFixed(2)} ms, p99 ${median(numbers(name, "p99")).toFixed(2)} ms`
  const beside = name === "open" ? {} : ratio(numbers(name, "cpuMicroseconds"), numbers("open", "cpuMicroseconds"), "open, in CPU")
  return { part: "authn", what: `${names[name]}, 16 connections`, note: latency, ...figure(numbers(name, "perSecond"), "per s"), ...beside }
}

const names: Readonly<Record<string, string>> = {
  open: "node:http, nobody is asked who he is",
  headers: "the same with the middleware: principal headers, decision",
  remembered: "bearer token that was verified before, decision",
  verified: "bearer token verified each time (RS256), decision",
}
