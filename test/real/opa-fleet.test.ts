import { mkdtemp, rm } from "node:fs/promises"
import { createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { createPdp, memorySource } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { fleetOpa } from "../fixtures/fleet-opa.js"
import { freePort } from "../fixtures/free-port.js"
import { listening } from "../fixtures/listening.js"
import { serving } from "../fixtures/serving.js"
import { until } from "../fixtures/opa-server.js"

const workspaces = "/apis/entities/v2/workspaces"
const tokenOf = (name: string): string => `${name}-0123456789abcdef`
const named = (...names: readonly string[]) => ({ tokens: names.map((name) => ({ name, token: tokenOf(name) })) })
const mayRead = (principal: string) => ({ principal_id: principal, method: "GET", path: `${workspaces}/ml` })
const patient = { propagationSeconds: 20 }

const Shown = z.looseObject({
  revision: z.string(),
  opas: z.array(
    z.looseObject({
      id: z.string(),
      labels: z.record(z.string(), z.string()),
      state: z.string(),
      known_by: z.string(),
      revision: z.string().optional(),
      bundles: z.array(z.looseObject({ name: z.string(), error: z.unknown().optional() })),
    }),
  ),
})

async function fleetAt({ send }: Pick<Awaited<ReturnType<typeof administeredServer>>, "send">) {
  return Shown.parse((await send("GET", "/fleet", { as: "service:admin" })).body)
}

/** Passes everything on, and counts the requests for bundles. */
async function countingProxy(target: string): Promise<{ readonly url: string; count(): number }> {
  let count = 0
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith("/bundles/")) count++
    const onwards = request(target + (incoming.url ?? ""), { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onwards.on("error", () => outgoing.destroy())
    outgoing.on("close", () => onwards.destroy())
    incoming.pipe(onwards)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: await listening(server), count: () => count }
}

describe("a fleet of stock OPAs", () => {
  it("decides on a role change in well under a second, all in one bundle and in parts, and wait=fleet answers when they do", async () => {
    const server = await administeredServer({ bundles: named("whole", "parts"), limits: patient })
    const parts = ["authz-policy", "authz-roles", ...Array.from({ length: 16 }, (_, at) => `authz-bindings-0${at.toString(16)}`)]
    const opas = [
      await fleetOpa(server.url, { token: tokenOf("whole"), name: "one" }),
      await fleetOpa(server.url, { token: tokenOf("parts"), name: "two", bundles: parts }),
    ]
    await until(async () => (await Promise.all(opas.map((opa) => opa.isReady()))).every(Boolean))
    await server.send("POST", workspaces, { as: root, body: { name: "ml" } })
    await until(async () => (await fleetAt(server)).opas.every(({ state }) => state === "current"))
    const took: number[] = []
    for (let round = 0; round < 10; round++) {
      const principal = `p${round}@example.com`
      const startedAt = performance.now()
      const made = await server.send("POST", `${workspaces}/ml/members?wait=fleet`, { as: root, body: { principal, roles: ["Viewer"] } })
      took.push(performance.now() - startedAt)
      expect(made.body).toMatchObject({ propagated: true, fleet: { waited_for: 2, missing: [] } })
      expect(made.status).toBe(201)
      expect(await Promise.all(opas.map((opa) => opa.allows(mayRead(principal))))).toEqual([true, true])
    }
    expect(took.toSorted((a, b) => a - b)[5]).toBeLessThan(500)
    expect((await fleetAt(server)).opas.map(({ labels, state, known_by }) => [labels["name"], state, known_by]).toSorted()).toEqual([
      ["one", "current", "status"],
      ["two", "current", "status"],
    ])
  })

  it("is known by its polls alone where nobody reports", async () => {
    const server = await administeredServer({ limits: patient })
    const opa = await fleetOpa(server.url, { reports: false })
    await until(() => opa.isReady())
    await server.send("POST", workspaces, { as: root, body: { name: "ml" } })
    const made = await server.send("POST", `${workspaces}/ml/members?wait=fleet`, { as: root, body: { principal: "ann@x", roles: ["Viewer"] } })
    expect([made.status, made.body["propagated"], made.body["fleet"]]).toEqual([201, true, { waited_for: 1, missing: [] }])
    expect(await opa.allows(mayRead("ann@x"))).toBe(true)
    expect((await fleetAt(server)).opas[0]).toMatchObject({ state: "current", known_by: "polls" })
  })

  it("ten at once, one of which is killed: it is lost, and nobody waits for it", async () => {
    const names = Array.from({ length: 10 }, (_, at) => `opa-${at}`)
    const server = await administeredServer({ bundles: named(...names), limits: patient })
    const opas = await Promise.all(names.map((name) => fleetOpa(server.url, { token: tokenOf(name), name })))
    await until(async () => (await Promise.all(opas.map((opa) => opa.isReady()))).every(Boolean))
    await server.send("POST", workspaces, { as: root, body: { name: "ml" } })
    const grant = async (principal: string) =>
      server.send("POST", `${workspaces}/ml/members?wait=fleet`, { as: root, body: { principal, roles: ["Viewer"] } })
    const all = await grant("ann@x")
    expect([all.status, all.body["fleet"]]).toEqual([201, { waited_for: 10, missing: [] }])
    expect(await Promise.all(opas.map((opa) => opa.allows(mayRead("ann@x"))))).toEqual(opas.map(() => true))
    await Promise.all([opas[3]?.kill("SIGKILL"), grant("ben@x")])
    const after = await grant("cy@x")
    expect([after.status, after.body["fleet"]]).toEqual([201, { waited_for: 9, missing: [] }])
    expect((await fleetAt(server)).opas.filter(({ state }) => state === "lost").map(({ labels }) => labels["name"])).toEqual(["opa-3"])
    const again = await fleetOpa(server.url, { token: tokenOf("opa-3"), name: "opa-3" })
    await until(() => again.isReady())
    expect(await again.allows(mayRead("cy@x"))).toBe(true)
    await until(async () => (await fleetAt(server)).opas.every(({ state }) => state === "current"))
  })

  it("keeps what it has while we are away, and follows again after our restart", async () => {
    const port = await freePort()
    const source = memorySource([{ principal: "ann@x", workspace: "ml", role: "Viewer" }])
    const pdp = await createPdp({ source })
    onTestFinished(() => pdp.close())
    const options = { pdp, listen: { host: "127.0.0.1", port } }
    const before = await startServer(options)
    const opa = await fleetOpa(before.url)
    await until(() => opa.isReady())
    await before.close(0)
    expect(await opa.allows(mayRead("ann@x"))).toBe(true)
    source.add({ principal: "ben@x", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    const after = await startServer(options)
    onTestFinished(() => after.close(0))
    await until(() => opa.allows(mayRead("ben@x")))
  })

  it("has every change after we were killed in the middle of handing it out", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portcullis-killed-"))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const port = await freePort()
    const settings = { STORE__PATH: join(folder, "portcullis.db"), AUTH__ADMIN_EMAIL: root }
    const begin = () => serving(settings, "--listen", `127.0.0.1:${port}`)
    let sidecar = await begin()
    const opa = await fleetOpa(sidecar.url, { persist: true })
    await until(() => opa.isReady())
    await sidecar.send("POST", workspaces, { as: root, body: { name: "ml" } })
    for (let round = 0; round < 3; round++) {
      const principal = `p${round}@example.com`
      const target = `${workspaces}/ml/members?wait_role_propagation=false`
      const written = await sidecar.send("POST", target, { as: root, body: { principal, roles: ["Viewer"] } })
      await sidecar.kill("SIGKILL")
      expect(written.status).toBe(201)
      sidecar = await begin()
      await until(() => opa.allows(mayRead(principal)))
      const next = await sidecar.send("POST", `${workspaces}/ml/members?wait=fleet`, {
        as: root,
        body: { principal: `q${round}@example.com`, roles: ["Viewer"] },
      })
      expect([next.status, next.body["propagated"]]).toEqual([201, true])
    }
  })

  it("that cannot use a bundle is held back, shown as failing, and not waited for", async () => {
    const server = await administeredServer({ bundles: named("bad"), limits: patient })
    const proxy = await countingProxy(server.url)
    // Two bundles with the same roots: the second one fails at activation, however often it comes.
    const opa = await fleetOpa(proxy.url, { token: tokenOf("bad"), name: "bad", bundles: ["authz", "authz-policy"] })
    await until(async () => (await fleetAt(server)).opas.some(({ state }) => state === "failing"))
    await server.send("POST", workspaces, { as: root, body: { name: "ml" } })
    const made = await server.send("POST", `${workspaces}/ml/members?wait=fleet`, { as: root, body: { principal: "ann@x", roles: ["Viewer"] } })
    expect(made.status).toBe(202)
    expect(made.body).toMatchObject({ propagated: false, fleet: { waited_for: 1, missing: [{ error: "bundle_error" }] } })
    const asked = proxy.count()
    await until(async () => proxy.count() > asked)
    expect(proxy.count()).toBeLessThan(40)
    expect(opa.log()).toContain("overlapping roots")
  })
})
