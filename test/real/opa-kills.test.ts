import { mkdtempSync, rmSync } from "node:fs"
import { createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { seed } from "../../src/administration/index.js"
import { grantBindings } from "../../src/database/index.js"
import { sqliteSource } from "../../src/source/index.js"
import { root } from "../fixtures/administered-server.js"
import { fleetOpa, type FleetOpa } from "../fixtures/fleet-opa.js"
import { freePort } from "../fixtures/free-port.js"
import { listening } from "../fixtures/listening.js"
import { until } from "../fixtures/opa-server.js"
import { serving, type Serving } from "../fixtures/serving.js"

const members = "/apis/entities/v2/workspaces/ml/members"
const mayRead = (principal: string) => ({ principal_id: principal, method: "GET", path: "/apis/entities/v2/workspaces/ml" })
const many = Array.from({ length: 20_000 }, (_, at) => `person-${at}@example.com`)

/** What becomes of the next bundle on its way. */
interface Interception {
  /** The bytes of it that are passed on; then the connection is cut. Undefined: all. */
  readonly cutAfter?: number
  /** It is on its way, or what was to be passed on is. */
  readonly done: () => Promise<unknown>
}

/** Passes everything on, and tells when a bundle has gone by. Where nobody listens, connections are cut. */
async function wire(target: string) {
  const next: { interception: Interception | undefined } = { interception: undefined }
  const server = createServer((incoming, outgoing) => {
    const onwards = request(target + (incoming.url ?? ""), { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      const isBundle = incoming.url?.startsWith("/bundles/") === true && answer.statusCode === 200
      const { interception } = next
      if (!isBundle || !interception) return void answer.pipe(outgoing)
      next.interception = undefined
      if (interception.cutAfter === undefined) return void answer.pipe(outgoing).once("finish", () => void interception.done())
      answer.once("data", (chunk: Buffer) => {
        answer.pause()
        outgoing.write(chunk.subarray(0, interception.cutAfter), () => void interception.done().then(() => outgoing.destroy()))
      })
    })
    onwards.on("error", () => outgoing.destroy())
    outgoing.on("close", () => onwards.destroy())
    incoming.pipe(onwards)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = await listening(server)
  /** Does that with the next bundle, and resolves when it is done. */
  const intercept = (cutAfter: number | undefined, then: () => Promise<unknown>): Promise<void> =>
    new Promise((resolve) => {
      next.interception = { ...(cutAfter !== undefined && { cutAfter }), done: () => then().then(() => resolve()) }
    })
  return { url, intercept }
}

/** A sidecar of which 20,000 people are members of `ml`, on a port that it comes back to. */
async function sidecarWithMany() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-kills-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "portcullis.db")
  const source = sqliteSource({ path })
  await seed(source.database, { adminEmail: root, defaultWorkspace: "ml", everybodyEdits: false, everybodyViews: true, everybodyCreates: true })
  await source.database.write((transaction) =>
    grantBindings(
      transaction,
      "test",
      many.map((principal) => ({ principal, workspace: "ml", role: "Viewer" })),
    ),
  )
  await source.close()
  const port = await freePort()
  const begin = (): Promise<Serving> =>
    serving({ STORE__PATH: path, AUTH__ADMIN_EMAIL: root, SERVER__LIMITS__PROPAGATION_SECONDS: "30" }, "--listen", `127.0.0.1:${port}`)
  return { begin, url: `http://127.0.0.1:${port}` }
}

const give = (sidecar: Serving, principal: string, query = "?wait=fleet") =>
  sidecar.send("POST", `${members}${query}`, { as: root, body: { principal, roles: ["Viewer"] } })

const Result = z.object({ result: z.array(z.boolean()) })

async function expectAgreement(opa: FleetOpa, sidecar: Serving, ...principals: readonly string[]): Promise<void> {
  const requests = [...principals, ...many.slice(0, 50), ...many.slice(-40), "nobody@x", ""].map(mayRead)
  const { result } = Result.parse((await sidecar.send("POST", "/v1/data/authz/allow_many", { body: { input: { requests } } })).body)
  expect(await opa.decides(requests)).toEqual(result)
  expect(result.slice(0, principals.length)).toEqual(principals.map(() => true))
}

describe("kill -9", () => {
  it("of an OPA while it loads a bundle, and of us: what it had kept starts it, and with us it agrees again", async () => {
    const { begin, url } = await sidecarWithMany()
    const { url: through, intercept } = await wire(url)
    const before = await begin()
    const opa = await fleetOpa(through, { persist: true })
    await until(() => opa.isReady())
    expect((await give(before, "first@x")).body).toMatchObject({ propagated: true, fleet: { waited_for: 1 } })
    const killed = intercept(undefined, () => opa.kill("SIGKILL"))
    await give(before, "second@x", "?wait_role_propagation=false")
    await killed
    await before.kill("SIGKILL")

    const again = await fleetOpa(through, { persist: true, folder: opa.folder })
    await until(() => again.isReady())
    expect(await again.allows(mayRead("person-7@example.com"))).toBe(true)
    expect(await again.allows(mayRead("third@x"))).toBe(false)
    const after = await begin()
    await until(() => again.allows(mayRead("second@x")))
    expect((await give(after, "third@x")).body).toMatchObject({ propagated: true, fleet: { waited_for: 1, missing: [] } })
    await expectAgreement(again, after, "first@x", "second@x", "third@x")
  })

  it("of us while a bundle is on its way, and while a question waits: the OPA goes on with what it has, and agrees with who comes after", async () => {
    const { begin, url } = await sidecarWithMany()
    const { url: through, intercept } = await wire(url)
    let sidecar = await begin()
    // Without a whole bundle to begin with there is nothing to go on with.
    const cut = intercept(1_000, () => sidecar.kill("SIGKILL"))
    const opa = await fleetOpa(through, { longPollSeconds: 30 })
    await cut
    expect(await opa.isReady()).toBe(false)
    sidecar = await begin()
    await until(() => opa.isReady())
    await expectAgreement(opa, sidecar)

    for (const [round, cutAfter] of [1, 100, 200].entries()) {
      const cutOff = intercept(cutAfter, () => sidecar.kill("SIGKILL"))
      expect((await give(sidecar, `p${round}@x`, "?wait_role_propagation=false")).status).toBe(201)
      await cutOff
      expect(await opa.allows(mayRead("person-7@example.com"))).toBe(true)
      expect(await opa.allows(mayRead(`p${round}@x`))).toBe(false)
      sidecar = await begin()
      await until(() => opa.allows(mayRead(`p${round}@x`)))
      await expectAgreement(opa, sidecar, `p${round}@x`)
    }

    // It waits for news now.
    expect((await give(sidecar, "last@x")).body).toMatchObject({ propagated: true })
    await sidecar.kill("SIGKILL")
    sidecar = await begin()
    expect((await give(sidecar, "after@x", "")).status).toBe(201)
    await until(() => opa.allows(mayRead("after@x")))
    await expectAgreement(opa, sidecar, "p0@x", "p1@x", "p2@x", "last@x", "after@x")
  })
})
