import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findBinary } from "../../examples/gateways/binaries.mjs"
import { gatewayKinds, programOf, startGateway, type GatewayKind } from "../../examples/gateways/gateway.mjs"
import { messageOf } from "../../src/errors.js"
import { startIssuer } from "../authn/issuer.js"
import { authorizationData } from "../clone.js"
import type { Extent } from "../extent.js"
import { inTemporaryFolder, writeBindings } from "../files.js"
import { freePort } from "../free-port.js"
import { loadRound, type LoadRequest, type LoadResult, type LoadTarget } from "../http/load-generator.js"
import { progress } from "../progress.js"
import { figure, ratio, type Row } from "../row.js"
import { startPrinting, type ServerProcess } from "../server-process.js"
import { median } from "../statistics.js"
import { bindingsOf } from "../world.js"
import { measuredConfiguration, type Mode } from "./measured-configuration.js"

const connectionCounts = [1, 16]
const bindingCount = 1_000
const callers = 200
const audience = "bench"

/** What it costs to ask about each request: through every gateway, with the configuration that is shipped, and with the same one that asks nobody. */
export async function gateways({ isQuick }: Extent): Promise<readonly Row[]> {
  return inTemporaryFolder(async (folder) => {
    const bindings = bindingsOf(bindingCount)
    const issuer = await startIssuer(audience)
    const service = await startPrinting(process.execPath, [fileURLToPath(new URL("../http/echo-server.js", import.meta.url))])
    try {
      writeBindings(join(folder, "bindings.ndjson"), bindings)
      const sidecar = await startConfigured(folder, issuer.url)
      const ports = { upstream: portOf(service.url), ...sidecar.ports }
      const asked = bindings.filter((_, at) => at % (bindingCount / callers) === 0)
      const requests = await Promise.all(
        asked.map(async ({ principal, workspace }): Promise<LoadRequest> => {
          const headers = { Authorization: `Bearer ${await issuer.token(principal)}` }
          return { method: "GET", path: `/apis/entities/v2/workspaces/${workspace}`, headers }
        }),
      )
      try {
        const rows: Row[] = []
        for (const kind of gatewayKinds) rows.push(...(await rowsOf(kind, ports, requests, isQuick)))
        return rows
      } finally {
        await sidecar.server.stop()
      }
    } finally {
      await service.stop()
      issuer.stop()
    }
  })
}

async function startConfigured(folder: string, issuer: string) {
  const ports = { sidecar: await freePort(), grpc: await freePort() }
  const config = {
    data: [authorizationData],
    store: { source: "file", path: "bindings.ndjson" },
    auth: { oidc: { issuer, audience, client_id: "bench" } },
    server: { listen: `127.0.0.1:${ports.sidecar}` },
    gateway: { envoy_grpc: { listen: `127.0.0.1:${ports.grpc}` } },
    log: { level: "error" },
  }
  writeFileSync(join(folder, "portcullis.yaml"), JSON.stringify(config))
  const program = fileURLToPath(new URL("../../src/cli/portcullis.js", import.meta.url))
  return { ports, server: await startPrinting(process.execPath, [program, "serve", "--config", join(folder, "portcullis.yaml")]) }
}

interface Ports {
  readonly upstream: number
  readonly sidecar: number
  readonly grpc: number
}

async function rowsOf(kind: GatewayKind, ports: Ports, requests: readonly LoadRequest[], isQuick: boolean): Promise<readonly Row[]> {
  try {
    findBinary(programOf(kind))
  } catch (missing) {
    return [{ part: "gateways", what: kind, note: `not run: ${messageOf(missing)}` }]
  }
  progress(`gateways: ${kind}`)
  const stops: (() => Promise<void>)[] = []
  try {
    const target = async (mode: Mode): Promise<LoadTarget> => {
      const gatewayPorts = { gateway: await freePort(), inner: await freePort(), ...ports }
      const gateway = await startGateway(kind, { ports: gatewayPorts, change: measuredConfiguration(kind, mode) })
      stops.push(gateway.stop)
      return { name: `${kind}, ${mode}`, server: asServer(gateway), requests }
    }
    return await measured(kind, await target("open"), await target("asking"), isQuick)
  } finally {
    for (const stop of stops) await stop()
  }
}

async function measured(kind: GatewayKind, open: LoadTarget, asking: LoadTarget, isQuick: boolean): Promise<readonly Row[]> {
  const rounds = isQuick ? 1 : 5
  for (const target of [open, asking]) await loadRound(target, 16, isQuick ? 1 : 2)
  const rows: Row[] = []
  for (const connections of connectionCounts) {
    const found: Readonly<Record<Mode, LoadResult>>[] = []
    for (let round = 0; round < rounds; round++)
      found.push({ open: await loadRound(open, connections, 1), asking: await loadRound(asking, connections, 1) })
    rows.push(...rowsFor(kind, connections, found))
  }
  return rows
}

function rowsFor(kind: GatewayKind, connections: number, found: readonly Readonly<Record<Mode, LoadResult>>[]): readonly Row[] {
  const where = `${connections} connection${connections === 1 ? "" : "s"}`
  const numbers = (of: Mode, member: keyof LoadResult): readonly number[] => found.map((round) => round[of][member])
  const added = (member: "p50" | "p99"): string => median(found.map(({ open, asking }) => asking[member] - open[member])).toFixed(2)
  const latency = (of: Mode): string => `p50 ${median(numbers(of, "p50")).toFixed(2)} ms, p99 ${median(numbers(of, "p99")).toFixed(2)} ms`
  const open = numbers("open", "perSecond")
  const asking = numbers("asking", "perSecond")
  return [
    { part: "gateways", what: `${kind}, asks nobody, ${where}`, note: latency("open"), ...figure(open, "per s") },
    {
      part: "gateways",
      what: `${kind}, asks about each request, ${where}`,
      note: `${latency("asking")}; adds p50 ${added("p50")} ms, p99 ${added("p99")} ms`,
      ...figure(asking, "per s"),
      ...ratio(asking, open, "asks nobody"),
    },
  ]
}

/** Its CPU time is not looked at. */
function asServer({ url, stop }: { readonly url: string; readonly stop: () => Promise<void> }): ServerProcess {
  return { pid: 0, url, readyMs: 0, stop }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
