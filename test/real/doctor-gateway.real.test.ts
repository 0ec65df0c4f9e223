import { randomBytes } from "node:crypto"
import { createServer, type Server } from "node:http"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeUpstream } from "../../examples/gateways/upstream.mjs"
import { examineGateway, isProven, type GatewayFinding } from "../../src/doctor/index.js"
import { gatewayStack, type GatewayStack } from "../fixtures/gateway-stack.js"
import { realGateway, testedGateways } from "../fixtures/gateways.js"
import { fails, passes, type Edit, type Mistake } from "./gateway-mistakes.js"

const allowed = "/apis/models/v2/workspaces/ml-team/models"
const denied = "/apis/models/v2/workspaces/research/models"

describe.each(testedGateways)("portcullis doctor gateway at %s", (kind) => {
  let upstream: Server
  let stack: GatewayStack
  beforeAll(async () => {
    upstream = patient(makeUpstream())
    stack = await gatewayStack(kind, { upstream })
  })
  afterAll(() => stack.stop())

  it("finds nothing wrong with the configuration that is shipped", async () => {
    const findings = await examined(stack, stack.gateway.url, 1_000)
    expect(findings.filter(({ ok }) => ok !== true)).toEqual([])
    expect(isProven(findings)).toBe(true)
  })

  it.each(fails[kind])("finds $mistake", async (mistake) => {
    const findings = await examined(stack, await mistaken(mistake), mistake.outage ? 8_000 : 0)
    const found = findings.filter(({ check, ok, warning }) => check === mistake.check && (ok === false || warning !== undefined))
    expect(textOf(found), textOf(findings)).toMatch(mistake.says)
    for (const { remedy } of found) expect(remedy).toMatch(/./)
  })

  it.each(passes[kind])("has nothing against $mistake", async (mistake) => {
    expect((await examined(stack, await mistaken(mistake), 0)).filter(({ ok }) => ok === false)).toEqual([])
  })

  async function mistaken({ edits }: Pick<Mistake, "edits">): Promise<string> {
    const address = upstream.address()
    const upstreamPort = typeof address === "object" && address ? address.port : 0
    const { port: sidecarPort, grpcPort } = stack.sidecar
    const { url } = await realGateway(kind, { sidecarPort, grpcPort, upstreamPort, config: edited(edits, upstreamPort) })
    return url
  }
})

async function examined(stack: GatewayStack, url: string, awayMs: number): Promise<readonly GatewayFinding[]> {
  const { signal, gone, restart } = stack.sidecar
  const outage = {
    async stop() {
      signal("SIGKILL")
      await gone()
    },
    start: restart,
  }
  return examineGateway({
    origin: new URL(url),
    paths: { allowed, denied, open: "/health/live", echo: allowed },
    token: await stack.token("ann@example.com"),
    alsoUnsafeMethods: true,
    timeoutMs: 5_000,
    awayMs,
    ...(awayMs > 0 && { outage }),
    hooks: { now: Date.now, pause: (ms) => pause(ms), marker: `portcullis-doctor-${randomBytes(6).toString("hex")}` },
  })
}

/** Reads longer headers than a sidecar does. */
function patient(usual: Server): Server {
  const server = createServer({ maxHeaderSize: 256 * 1024 })
  for (const event of ["request", "upgrade"])
    for (const listener of usual.listeners(event)) server.on(event, (...args) => listener.apply(server, args))
  return server
}

function textOf(findings: readonly GatewayFinding[]): string {
  return findings.map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`).join("\n")
}

/** Every edit must find what it replaces, in the file that it names or in the only one. */
function edited(edits: readonly Edit[], upstreamPort: number): (text: string, file: string) => string {
  return (text, file) =>
    edits
      .filter((edit) => edit.file === undefined || edit.file === file)
      .reduce((changed, { from, to }) => {
        if (!changed.includes(from)) throw new Error(`${file} holds no ${from}`)
        return changed.replaceAll(from, () => to.replaceAll("UPSTREAM", `127.0.0.1:${upstreamPort}`))
      }, text)
}
