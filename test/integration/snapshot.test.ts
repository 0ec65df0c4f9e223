import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest"
import { grantBindings, revokeBindings, roleBindingName } from "../../src/database/index.js"
import { createPdp, httpSource, sqliteSource, type Pdp, type PdpEvents, type PdpOptions, type RoleBinding } from "../../src/index.js"
import { readSnapshot } from "../../src/source/index.js"
import { roleBindingStore } from "../../src/store/index.js"
import { documentServer } from "../fixtures/document-server.js"
import { root, start } from "../fixtures/sidecar.js"

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "portcullis-snapshot-"))))
afterAll(async () => rm(folder, { recursive: true }))

const authorizationData = {
  version: 1,
  roles: { Viewer: { permissions: ["models.read"] } },
  endpoints: { "/workspaces/{workspace}/models": { get: { permissions: ["models.read"] } } },
}
const viewer = (principal: string): RoleBinding => ({ principal, workspace: "ml", role: "Viewer" })
const isAllowed = (pdp: Pdp, id: string): boolean => pdp.authorize({ principal: { id }, method: "GET", path: "/workspaces/ml/models" }).allowed

async function started(options: PdpOptions): Promise<{ readonly pdp: Pdp; readonly activations: PdpEvents["activation"][] }> {
  const pdp = await createPdp({ authorizationData, ...options })
  onTestFinished(() => pdp.close())
  const activations: PdpEvents["activation"][] = []
  pdp.on("activation", (event) => activations.push(event))
  return { pdp, activations }
}

it("decides on the snapshot while the HTTP server is away, and on the difference when it is back", async () => {
  const held = Array.from({ length: 20_000 }, (_, at) => viewer(`p${at}`))
  let isAway = false
  const server = await documentServer((request, response: ServerResponse) => {
    if (isAway) return void request.socket.destroy()
    response.writeHead(200, { "content-type": "application/x-ndjson" }).end(held.map((one) => `${JSON.stringify(one)}\n`).join(""))
  })
  onTestFinished(() => server.close())
  const options = (): PdpOptions => ({ source: httpSource({ url: `${server.origin}bindings` }), snapshotFile: join(folder, "http.snapshot") })
  const first = await started(options())
  await first.pdp.close()

  isAway = true
  const { pdp, activations } = await started(options())
  expect([isAllowed(pdp, "p19999"), isAllowed(pdp, "zoe"), pdp.status().ready]).toEqual([true, false, true])
  expect(pdp.status()).toMatchObject({ bindings: 20_000, snapshot: { decides: true }, sources: [{ failing: { attempts: 1 } }] })

  isAway = false
  held.splice(0, 3, viewer("zoe"))
  await pdp.refresh()
  expect([isAllowed(pdp, "p0"), isAllowed(pdp, "zoe"), pdp.status().snapshot?.decides]).toEqual([false, true, false])
  expect(activations).toMatchObject([{ cause: "bindings", changes: 4 }])
})

it("decides on the snapshot while another process has the database, and goes on from its revision by the journal", async () => {
  const path = join(folder, "portcullis.db")
  const options = (): PdpOptions => ({ source: sqliteSource({ path }), snapshotFile: join(folder, "sqlite.snapshot") })
  const before = sqliteSource({ path })
  await before.database.write((transaction) => grantBindings(transaction, "test", [viewer("ann"), viewer("ben"), viewer("eve")]))
  await before.close()
  const first = await started(options())
  const revision = first.pdp.revision()
  await first.pdp.close()

  const other = sqliteSource({ path })
  await other.database.write((transaction) => grantBindings(transaction, "test", [viewer("zoe")]))
  const { pdp, activations } = await started(options())
  expect([pdp.revision(), isAllowed(pdp, "ann"), isAllowed(pdp, "zoe")]).toEqual([revision, true, false])
  const waiting = pdp.atLeast(`${revision.split(".")[0]}.${Number(revision.split(".")[1]) + 2}`)

  await other.database.write((transaction) => revokeBindings(transaction, "test", [roleBindingName(viewer("eve"))]))
  await other.close()
  await pdp.refresh()
  await waiting
  expect([isAllowed(pdp, "eve"), isAllowed(pdp, "zoe")]).toEqual([false, true])
  expect(activations).toMatchObject([{ cause: "bindings", changes: 2 }])
})

it("shows in the sidecar's log and status that the snapshot decides", async () => {
  const server = await documentServer((_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"version":1,"bindings":[]}'),
  )
  const snapshot = join(folder, "sidecar.snapshot")
  const settings = { PORTCULLIS_STORE__URL: `${server.origin}bindings`, PORTCULLIS_STORE__SNAPSHOT: snapshot }
  const first = start(["serve", "--listen", "127.0.0.1:0"], settings)
  await first.printed("out", /listens on (\S+)/)
  first.child.kill("SIGTERM")
  expect(await first.exited).toBe(0)

  await server.close()
  const second = start(["serve", "--listen", "127.0.0.1:0"], settings)
  const [, url] = await second.printed("out", /listens on (\S+)/)
  expect(second.err()).toContain("the snapshot on disk decides")
  const answer = await fetch(`${url}/status`)
  expect(await answer.json()).toMatchObject({ ready: true, snapshot: { path: snapshot, decides: true, ageSeconds: expect.any(Number) } })
})

it("keeps a whole file, whenever its writer is killed", async () => {
  const path = join(folder, "killed.snapshot")
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ["test/fixtures/snapshot-writer.mjs", path], { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
    const exited = once(child, "exit")
    for (let begun = 0; begun < 2 + (round % 3); begun++) await once(child.stdout, "data")
    for (let turns = (round * 37) % 101; turns > 0; turns--) await nextTurn()
    child.kill("SIGKILL")
    await exited
    await expectWhole(path)
  }
})

it("keeps a whole file when its writer is killed in the middle of a file", async () => {
  const path = join(folder, "halved.snapshot")
  const child = spawn(process.execPath, ["test/fixtures/snapshot-writer.mjs", path], { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  const exited = once(child, "exit")
  await vi.waitUntil(async () => (await readdir(folder)).includes("halved.snapshot"), { timeout: 30_000, interval: 1 })
  do {
    child.kill("SIGCONT")
    await nextTurn()
    child.kill("SIGSTOP")
  } while (!(await readdir(folder)).some((name) => name.startsWith("halved.snapshot.")))
  child.kill("SIGKILL")
  await exited
  await expectWhole(path)
})

async function expectWhole(path: string): Promise<void> {
  const store = roleBindingStore()
  const snapshot = await readSnapshot(path, "killed", store, new AbortController().signal)
  expect(store.size).toBe(10_000 * Number(snapshot?.header.position))
}
