import { describe, expect, it } from "vitest"
import { administeredServer, root, type AdministeredServer } from "../fixtures/administered-server.js"

const workspaces = "/apis/entities/v2/workspaces"
const members = `${workspaces}/ml/members`
const tokens = [{ name: "opas", token: "0123456789abcdef" }]
const bearer = { Authorization: "Bearer 0123456789abcdef" }

async function reports({ send }: AdministeredServer, id: string, revision: unknown, more: object = {}) {
  const body = {
    labels: { id, version: "1.20.2" },
    bundles: { authz: { name: "authz", active_revision: revision, ...more } },
    metrics: { prometheus: {} },
  }
  return send("POST", "/status/west", { headers: bearer, body })
}

async function withWorkspace(options: Parameters<typeof administeredServer>[0] = {}) {
  const server = await administeredServer({ bundles: { tokens }, limits: { propagationSeconds: 20 }, ...options })
  const { body } = await server.send("POST", workspaces, { as: root, body: { name: "ml" } })
  return { server, revision: body["revision"] }
}

describe("wait=fleet", () => {
  it("answers when all have said that they run it", async () => {
    const { server, revision } = await withWorkspace()
    for (const id of ["a", "b"]) await reports(server, id, revision)
    let answered = false
    const held = server.send("POST", `${members}?wait=fleet`, { as: root, body: { principal: "ann@x", roles: ["Viewer"] } })
    void held.then(() => (answered = true))
    await expect.poll(() => server.pdp.revision()).not.toBe(revision)
    await reports(server, "a", server.pdp.revision())
    await server.send("GET", "/fleet", { as: root })
    expect(answered).toBe(false)
    await reports(server, "b", server.pdp.revision())
    const { status, body } = await held
    expect([status, body["propagated"], body["fleet"]]).toEqual([201, true, { waited_for: 2, missing: [] }])
  })

  it("answers 202 in time, and says who runs what", async () => {
    const { server, revision } = await withWorkspace({ limits: { propagationSeconds: 0.3 } })
    await reports(server, "a", revision)
    for (const [method, target, body] of [
      ["PUT", `${members}/root@example.com`, { roles: ["Admin", "Editor"] }],
      ["POST", "/apis/auth/v2/iam/role-bindings", { principal: "ann@x", workspace: "ml", role: "Viewer" }],
      ["DELETE", `${members}/ann@x`, undefined],
    ] as const) {
      const answer = await server.send(method, `${target}?wait=fleet`, { as: root, body })
      expect([answer.status, answer.body["propagated"], answer.body["fleet"]]).toEqual([
        202,
        false,
        { waited_for: 1, missing: [{ id: "a", revision }] },
      ])
    }
  })

  it("waits for nobody where nobody is, and otherwise the answer says nothing of a fleet", async () => {
    const { server } = await withWorkspace()
    const one = await server.send("POST", `${members}?wait=fleet`, { as: root, body: { principal: "ann@x" } })
    expect([one.status, one.body["fleet"]]).toEqual([201, { waited_for: 0, missing: [] }])
    const other = await server.send("POST", members, { as: root, body: { principal: "ben@x" } })
    expect([other.status, "fleet" in other.body]).toEqual([201, false])
  })

  it.each(["wait=all", "wait=", "wait=fleet&wait=fleet", "wait=fleet&wait_role_propagation=false"])("is not %s", async (query) => {
    const { server } = await withWorkspace()
    const answer = await server.send("POST", `${members}?${query}`, { as: root, body: { principal: "ann@x" } })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
  })
})

describe("GET /fleet", () => {
  it("shows each OPA with its revision, lag and error, and this process", async () => {
    const { server, revision } = await withWorkspace()
    await reports(server, "a", revision)
    await reports(server, "b", revision, { code: "bundle_error", message: "no", http_code: "503" })
    const { status, body } = await server.send("GET", "/fleet", { as: root })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      revision,
      pdps: [{ this_process: true, ready: true, revision }],
      opas: [
        { id: "a", state: "current", known_by: "status", revision, lag_revisions: 0, who: "token opas", version: "1.20.2" },
        { id: "b", state: "failing", bundles: [{ name: "authz", error: { code: "bundle_error", message: "no", http_code: "503" } }] },
      ],
      more_opas: false,
    })
  })

  it("is for who may fetch bundles, and nobody else", async () => {
    const { server } = await withWorkspace()
    const denied = await server.send("GET", "/fleet", { as: "ann@x" })
    expect([denied.status, denied.body["detail"]]).toEqual([403, expect.stringContaining("iam.bundle.read")])
    expect((await server.send("GET", "/fleet")).status).toBe(401)
    expect((await server.send("GET", "/fleet", { headers: bearer })).status).toBe(401)
    expect((await server.send("POST", "/fleet", { as: root })).headers["allow"]).toBe("GET, HEAD")
  })
})

describe("POST /status", () => {
  it("is answered to who has a token, to trusted peers, and to nobody else", async () => {
    const { server } = await withWorkspace()
    expect((await server.send("POST", "/status", { body: { labels: { id: "a" } } })).status).toBe(200)
    const strict = await administeredServer({ bundles: { tokens }, peers: { trustedPeers: [] } })
    expect((await strict.send("POST", "/status", { body: {} })).status).toBe(401)
    expect((await reports(strict, "a", undefined)).status).toBe(200)
  })

  it.each(["[]", "null", "{", '{"labels":{"id":"a","id":"b"}}', '{"bundles":[]}'])("refuses %s", async (body) => {
    const { server } = await withWorkspace()
    const answer = await server.send("POST", "/status", { headers: bearer, body })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
  })

  it("takes what a real OPA sends: large, with all of its metrics", async () => {
    const { server } = await withWorkspace()
    const prometheus = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`metric_${at}`, { help: "x".repeat(100), values: [at, { a: [] }] }]),
    )
    const answer = await server.send("POST", "/status", { headers: bearer, body: { labels: { id: "a" }, bundles: {}, metrics: { prometheus } } })
    expect([answer.status, answer.text]).toEqual([200, "{}"])
  })
})
