import { describe, expect, it } from "vitest"
import { administeredServer, root, type AdministeredServer } from "../fixtures/administered-server.js"

const ann = "ann@example.com"
const workspaces = "/apis/entities/v2/workspaces"
const slow = { limits: { propagationSeconds: 0.02, atLeastSeconds: 0.02 } }
const patient = { limits: { propagationSeconds: 20, atLeastSeconds: 20 } }

/** Answers once the PDP has asked for news. */
async function refreshedUntil<Value>({ pdp }: AdministeredServer, answer: Promise<Value>): Promise<Value> {
  let answered = false
  void answer.finally(() => (answered = true))
  await expect
    .poll(async () => {
      await pdp.refresh()
      return answered
    })
    .toBe(true)
  return answer
}

describe("a write", () => {
  it("answers when this process decides on it", async () => {
    const server = await administeredServer(patient, true)
    const made = await refreshedUntil(server, server.send("POST", workspaces, { as: ann, body: { name: "ml" } }))
    expect([made.status, made.body["propagated"], made.body["revision"]]).toEqual([201, true, server.pdp.revision()])
    const removed = await refreshedUntil(server, server.send("DELETE", `${workspaces}/ml`, { as: root }))
    expect([removed.status, removed.body["propagated"]]).toEqual([200, true])
  })

  it("that is not decided on in time is done all the same: 202, propagated false, and its revision", async () => {
    const { send, pdp } = await administeredServer(slow, true)
    const made = await send("POST", workspaces, { as: ann, body: { name: "ml" } })
    expect([made.status, made.body["propagated"], made.body["name"]]).toEqual([202, false, "ml"])
    expect(made.headers["x-portcullis-revision"]).toBe(made.body["revision"])
    expect(pdp.revision()).not.toBe(made.body["revision"])
    await pdp.refresh()
    expect(pdp.revision()).toBe(made.body["revision"])
    const deleted = await send("DELETE", `${workspaces}/ml?wait_role_propagation=true`, { as: root })
    expect([deleted.status, deleted.body["propagated"]]).toEqual([202, false])
  })

  it("that shall not wait says truthfully whether it is decided on already", async () => {
    const behind = await administeredServer({}, true)
    const made = await behind.send("POST", `${workspaces}?wait_role_propagation=false`, { as: ann, body: { name: "ml" } })
    expect([made.status, made.body["propagated"]]).toEqual([201, false])
    await behind.pdp.refresh()
    const again = await behind.send("POST", `${workspaces}/ml/members?wait_role_propagation=false`, {
      as: ann,
      body: { principal: ann, roles: ["Admin"] },
    })
    expect([again.status, again.body["propagated"]]).toEqual([201, true])
  })

  it("takes wait_role_propagation true and false, and nothing else", async () => {
    const { send } = await administeredServer()
    for (const query of [
      "wait_role_propagation=yes",
      "wait_role_propagation=",
      "wait_role_propagation=true&wait_role_propagation=true",
      "wait=fleet",
    ]) {
      const answer = await send("POST", `${workspaces}?${query}`, { as: ann, body: { name: "ml" } })
      expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
    }
    expect((await send("GET", `${workspaces}/ml`, { as: root })).status).toBe(404)
  })
})

describe("X-Portcullis-At-Least", () => {
  const read = (server: AdministeredServer, revision: unknown, headers = {}) =>
    server.send("GET", `${workspaces}/ml`, { as: ann, headers: { "X-Portcullis-At-Least": String(revision), ...headers } })

  it("waits before the policy is asked", async () => {
    const server = await administeredServer({ limits: { ...patient.limits, propagationSeconds: 0 } }, true)
    const made = await server.send("POST", workspaces, { as: ann, body: { name: "ml" } })
    expect((await server.send("GET", `${workspaces}/ml`, { as: ann })).status).toBe(403)
    const answer = await refreshedUntil(server, read(server, made.body["revision"]))
    expect([answer.status, answer.headers["x-portcullis-revision"]]).toEqual([200, made.body["revision"]])
  })

  it("gives up in time, and says when to try again", async () => {
    const server = await administeredServer(slow, true)
    const made = await server.send("POST", workspaces, { as: ann, body: { name: "ml" } })
    const early = await read(server, made.body["revision"])
    expect([early.status, early.body["code"], early.headers["retry-after"]]).toEqual([503, "revision_timeout", "1"])
    expect(early.headers["x-should-retry"]).toBeUndefined()
  })

  it.each([
    ["0000000f.1", 409, "revision_unknown_epoch"],
    ["nonsense", 400, "input_invalid"],
    ["", 400, "input_invalid"],
  ])("answers '%s' with %i %s", async (revision, status, code) => {
    const answer = await read(await administeredServer(), revision)
    expect([answer.status, answer.body["code"], answer.headers["x-should-retry"]]).toEqual([status, code, "false"])
  })
})

describe("Idempotency-Key", () => {
  const key = { "Idempotency-Key": "k-1" }

  it("makes a creation that is tried twice happen once, and gives the first answer", async () => {
    const { send } = await administeredServer()
    const first = await send("POST", workspaces, { as: ann, headers: key, body: { name: "ml" } })
    const second = await send("POST", workspaces, { as: ann, headers: key, body: { name: "ml" } })
    expect([second.status, second.body]).toEqual([201, first.body])
    expect([first.headers["idempotent-replayed"], second.headers["idempotent-replayed"]]).toEqual([undefined, "true"])
    expect(second.headers["x-portcullis-revision"]).toBe(first.headers["x-portcullis-revision"])
    const binding = { principal: "bob@x", role: "Viewer", workspace: "ml" }
    const given = await send("POST", "/apis/auth/v2/iam/role-bindings", { as: root, headers: key, body: binding })
    const replayed = await send("POST", "/apis/auth/v2/iam/role-bindings", { as: root, headers: key, body: binding })
    expect([replayed.status, replayed.body, replayed.headers["idempotent-replayed"]]).toEqual([200, given.body, "true"])
  })

  it("belongs to one caller, one route and one body", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, headers: key, body: { name: "ml" } })
    const other = await send("POST", workspaces, { as: ann, headers: key, body: { name: "other" } })
    expect([other.status, other.body["code"], other.headers["x-should-retry"]]).toEqual([422, "idempotency_key_reused", "false"])
    const spaced = await send("POST", workspaces, { as: ann, headers: key, body: '{ "name": "ml" }' })
    expect(spaced.status).toBe(422)
    expect((await send("POST", workspaces, { as: "bob@x", headers: key, body: { name: "bobs" } })).status).toBe(201)
    expect((await send("POST", `${workspaces}/ml/members`, { as: ann, headers: key, body: { principal: "bob@x" } })).status).toBe(201)
  })

  it("is kept only by what succeeds", async () => {
    const { send } = await administeredServer()
    const early = await send("POST", `${workspaces}/ml/members`, { as: root, headers: key, body: { principal: "bob@x" } })
    expect(early.status).toBe(404)
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    const late = await send("POST", `${workspaces}/ml/members`, { as: root, headers: key, body: { principal: "bob@x" } })
    expect([late.status, late.headers["idempotent-replayed"]]).toEqual([201, undefined])
  })

  it.each(["", "a b", "x".repeat(256), "caf\u00e9"])("is not '%s'", async (bad) => {
    const { send } = await administeredServer()
    const answer = await send("POST", workspaces, { as: ann, headers: { "Idempotency-Key": bad }, body: { name: "ml" } })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
  })

  it("is for callers who may: a denied one gets no answer of before", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, body: { name: "ml" } })
    await send("POST", `${workspaces}/ml/members`, { as: ann, body: { principal: "bob@x", roles: ["Admin"] } })
    await send("POST", `${workspaces}/ml/members`, { as: "bob@x", headers: key, body: { principal: "cy@x" } })
    await send("DELETE", `${workspaces}/ml/members/bob@x`, { as: ann })
    expect((await send("POST", `${workspaces}/ml/members`, { as: "bob@x", headers: key, body: { principal: "cy@x" } })).status).toBe(403)
  })
})
