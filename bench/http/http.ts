import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { authorizationData } from "../clone.js"
import { inTemporaryFolder, writeBindings } from "../files.js"
import { progress } from "../progress.js"
import { atLeast, atMost, figure, ratio, type Row } from "../row.js"
import { median, ratioOf } from "../statistics.js"
import { residentMb, startPrinting, startSidecar } from "../server-process.js"
import { worldOf, type Question } from "../world.js"
import { checkAnswers } from "./answers.js"
import { loadRound, posts, type LoadResult, type LoadTarget } from "./load-generator.js"
import { startOpa } from "./opa-server.js"

const connectionCounts = [1, 16, 64]
const rounds = 5
const roundSeconds = 1
const warmUpSeconds = 3
const bindingCount = 1_000_000
const questionCount = 1_000

/** What the sidecar's PDP endpoint takes, beside a bare echo and, with `OPA_BIN`, beside OPA with the same policy and bindings. */
export async function http(): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => {
    progress("http: starting the servers, 1 M bindings")
    const { bindings, questions } = worldOf(bindingCount)
    const asked = questions.slice(0, questionCount)
    const bindingsFile = join(folder, "bindings.ndjson")
    writeBindings(bindingsFile, bindings)
    const targets: LoadTarget[] = []
    try {
      const bodies = asked.map(bodyOf)
      const sidecar = await startSidecar(["--data", authorizationData, "--bindings", bindingsFile])
      targets.push({ name: "sidecar", server: sidecar, requests: posts("/apis/auth/v2/authz/allow", bodies) })
      const echo = await startPrinting(process.execPath, [fileURLToPath(new URL("./echo-server.js", import.meta.url))])
      targets.push({ name: "echo", server: echo, requests: posts("/", bodies) })
      const opa = process.env["OPA_BIN"]
      if (opa) targets.push({ name: "OPA", server: await startOpa(opa, sidecar.url, folder), requests: posts("/v1/data/authz/allow", bodies) })
      await checkAnswers(targets.filter(({ name }) => name !== "echo"))
      return await measured(targets)
    } finally {
      for (const { server } of targets) await server.stop()
    }
  })
}

function bodyOf({ request }: Question): string {
  const { principal, method, path } = request
  return JSON.stringify({ input: { principal_id: principal.id, method, path } })
}

type Results = ReadonlyMap<string, readonly LoadResult[]>

async function measured(targets: readonly LoadTarget[]): Promise<readonly Row[]> {
  progress("http: warming up")
  for (const target of targets) await loadRound(target, 16, warmUpSeconds)
  const rows: Row[] = []
  for (const connections of connectionCounts) {
    progress(`http: ${connections} connections`)
    const results = new Map<string, LoadResult[]>(targets.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++)
      for (const target of targets) results.get(target.name)?.push(await loadRound(target, connections, roundSeconds))
    for (const { name } of targets) rows.push(...rowsOf(name, connections, results))
    if (connections === 16) rows.push(...againstOpa(results))
  }
  return [...rows, ...memoryRows(targets)]
}

function rowsOf(name: string, connections: number, results: Results): readonly Row[] {
  const where = `${names[name]}, ${connections} connection${connections === 1 ? "" : "s"}`
  const perSecond = numbers(results, name, "perSecond")
  const cpu = numbers(results, name, "cpuMicroseconds")
  const p50 = median(numbers(results, name, "p50"))
  const p99 = median(numbers(results, name, "p99"))
  const toEcho = ratio(perSecond, numbers(results, "echo", "perSecond"), "echo")
  const target = name === "sidecar" && connections === 16 ? atLeast("P7", 0.65, "×", toEcho.ratio) : {}
  const latency = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
  return [
    { part: "http", what: where, note: latency, ...figure(perSecond, "per s"), ...(name !== "echo" && { ...toEcho, ...target }) },
    {
      part: "http",
      what: `${where}, CPU per request`,
      ...figure(cpu, "µs"),
      ...(name !== "echo" && ratio(cpu, numbers(results, "echo", "cpuMicroseconds"), "echo")),
    },
  ]
}

const names: Readonly<Record<string, string>> = {
  sidecar: "sidecar, 1 M bindings",
  echo: "bare node:http echo",
  OPA: "opa run --server, same bundle",
}

function againstOpa(results: Results): readonly Row[] {
  if (!results.has("OPA")) return []
  const perCore = ratioOf(numbers(results, "OPA", "cpuMicroseconds"), numbers(results, "sidecar", "cpuMicroseconds"))
  const p99 = ratioOf(numbers(results, "sidecar", "p99"), numbers(results, "OPA", "p99"))
  return [
    { part: "http", what: "sidecar, 16 connections, requests per core", ratio: perCore, to: "OPA", ...atLeast("P8", 2.5, "×", perCore) },
    { part: "http", what: "sidecar, 16 connections, p99", ratio: p99, to: "OPA", ...atMost("P8", 0.2, "×", p99) },
  ]
}

function memoryRows(targets: readonly LoadTarget[]): readonly Row[] {
  const opa = targets.find(({ name }) => name === "OPA")
  const opaMb = opa && residentMb(opa.server.pid)
  return targets.map(({ name, server }): Row => {
    const value = residentMb(server.pid)
    const compared = name === "sidecar" && opaMb !== undefined ? { ratio: value / opaMb, to: "OPA", ...atMost("P8", 0.33, "×", value / opaMb) } : {}
    return { part: "http", what: `${names[name]}, resident memory after the load`, value, unit: "MB", ...compared }
  })
}

function numbers(results: Results, name: string, member: keyof LoadResult): readonly number[] {
  return (results.get(name) ?? []).map((result) => result[member])
}
