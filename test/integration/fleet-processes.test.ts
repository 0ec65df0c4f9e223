import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import type { KnownProcess } from "../../src/fleet/index.js"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"
import { serving, type Serving } from "../fixtures/serving.js"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())

const Pdps = z.object({
  pdps: z.array(z.looseObject({ this_process: z.boolean(), state: z.string(), name: z.string().optional(), revision: z.string() })),
})
const pdpsAt = async (sidecar: Serving) => Pdps.parse((await sidecar.send("GET", "/fleet", { as: root })).body).pdps

describe("processes on one PostgreSQL", () => {
  it("are in each other's fleet with what they run, and gone when they stop", async () => {
    const settings = { STORE__SOURCE: "postgres", STORE__URL: await postgres.database(), AUTH__ADMIN_EMAIL: root }
    const one = await serving(settings)
    const two = await serving(settings)
    await expect.poll(() => pdpsAt(one).then((pdps) => pdps.length)).toBe(2)
    const [self, other] = await pdpsAt(one)
    expect([self?.this_process, other?.this_process, other?.state]).toEqual([true, false, "current"])
    expect(other?.name).toContain(`(process ${two.child.pid ?? 0})`)
    expect((await pdpsAt(two))[1]?.name).toContain(`(process ${one.child.pid ?? 0})`)
    await one.send("POST", "/apis/entities/v2/workspaces", { as: root, body: { name: "ml" } })
    const { revision } = await one.status()
    await expect.poll(async () => (await pdpsAt(one)).map((pdp) => pdp.revision), { timeout: 15_000 }).toEqual([revision, revision])
    const grant = { principal: "ann@x", roles: ["Viewer"] }
    const { status, body } = await one.send("POST", "/apis/entities/v2/workspaces/ml/members?wait=fleet", { as: root, body: grant })
    expect([status, body["propagated"], body["fleet"]]).toEqual([201, true, { waited_for: 1, missing: [] }])
    expect((await two.status()).revision).toBe(body["revision"])
    await two.kill("SIGTERM")
    expect(await pdpsAt(one)).toHaveLength(1)
  })
})

describe("GET /fleet", () => {
  const known: KnownProcess = {
    name: "west 0.0.0.0:8181 (process 7)",
    version: "0.1.0",
    ready: true,
    revision: "",
    policyDigest: "",
    authorizationDataDigest: "other",
    isLost: false,
    silentMs: 3_000,
  }

  it("shows how each process was when it was heard from, and what differs", async () => {
    let others: readonly KnownProcess[] = []
    const server = await administeredServer({ processes: async () => others })
    const { policy, revision, authorizationData } = server.pdp.status()
    const same = { ...known, policyDigest: policy.digest, revision, authorizationDataDigest: authorizationData.digest }
    others = [
      same,
      { ...same, authorizationDataDigest: "other" },
      { ...same, revision: "0a0a0a0a.1" },
      { ...same, ready: false, revision: undefined, policyDigest: "" },
      { ...same, isLost: true, silentMs: 90_000 },
    ]
    const { body } = await server.send("GET", "/fleet", { as: root })
    expect(body["pdps"]).toMatchObject([
      { this_process: true, state: "current", revision },
      { this_process: false, name: known.name, state: "current", revision, seen_seconds_ago: 3 },
      { state: "current", differs: ["authorization_data"], authorization_data_digest: "other" },
      { state: "behind" },
      { state: "not_ready" },
      { state: "lost", seen_seconds_ago: 90 },
    ])
    // What is newer here since a moment may be so there, too.
    await server.send("POST", "/apis/entities/v2/workspaces", { as: root, body: { name: "ml" } })
    others = [same, { ...same, silentMs: 0 }]
    const after = await server.send("GET", "/fleet", { as: root })
    expect(after.body["pdps"]).toMatchObject([{}, { state: "current" }, { state: "current" }])
  })

  it("says when the database does not say", async () => {
    const server = await administeredServer({ processes: () => Promise.reject(new Error("away")) })
    const { status, body } = await server.send("GET", "/fleet", { as: root })
    expect([status, body["pdps_unknown"]]).toEqual([200, true])
    expect(body["pdps"]).toHaveLength(1)
  })
})
