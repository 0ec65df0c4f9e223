import { beforeEach, describe, expect, it } from "vitest"
import { administeredServer, root, type AdministeredServer } from "../fixtures/administered-server.js"

const ann = "ann@example.com"
const bob = "bob@example.com"
const members = "/apis/entities/v2/workspaces/ml/members"
const revision = expect.stringMatching(/^[0-9a-f]{8}\.[1-9][0-9]*$/)
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

let server: AdministeredServer
let send: AdministeredServer["send"]
beforeEach(async () => {
  server = await administeredServer()
  send = server.send
  await send("POST", "/apis/entities/v2/workspaces", { as: ann, body: { name: "ml" } })
})

describe("members", () => {
  it("are added, promoted and removed, each time decided on at once", async () => {
    const reads = async () => (await send("GET", "/apis/entities/v2/workspaces/ml", { as: bob })).status
    expect(await reads()).toBe(403)
    const added = await send("POST", members, { as: ann, body: { principal: bob, roles: ["Viewer"] } })
    expect([added.status, added.body]).toEqual([
      201,
      { principal: bob, roles: ["Viewer"], granted_at: time, granted_by: ann, revision, propagated: true },
    ])
    expect([await reads(), added.headers["x-portcullis-revision"]]).toEqual([200, added.body["revision"]])
    const promoted = await send("PUT", `${members}/${bob}`, { as: ann, body: { roles: ["Editor", "Admin"] } })
    expect([promoted.status, promoted.body]).toEqual([
      200,
      { principal: bob, roles: ["Admin", "Editor"], granted_at: time, granted_by: ann, revision, propagated: true },
    ])
    const listed = await send("GET", members, { as: bob })
    expect(listed.body["data"]).toMatchObject([
      { principal: ann, roles: ["Admin"] },
      { principal: bob, roles: ["Admin", "Editor"] },
    ])
    const removed = await send("DELETE", `${members}/${bob}`, { as: ann })
    expect([removed.status, removed.body]).toEqual([
      200,
      { id: bob, message: `Member '${bob}' removed from workspace 'ml'`, deleted_count: 2, revision, propagated: true },
    ])
    expect(await reads()).toBe(403)
    const again = await send("DELETE", `${members}/${bob}`, { as: ann })
    expect([again.status, again.body["detail"], again.headers["x-should-retry"]]).toEqual([
      404,
      `Member '${bob}' not found in workspace 'ml'`,
      "false",
    ])
  })

  it("become Editor when no role is named, and adding again changes nothing", async () => {
    const first = await send("POST", members, { as: ann, body: { principal: "group:devs" } })
    expect(first.body["roles"]).toEqual(["Editor"])
    const second = await send("POST", members, { as: root, body: { principal: "group:devs" } })
    expect([second.status, second.body["granted_by"], second.body["revision"]]).toEqual([201, ann, first.body["revision"]])
  })

  it("keep an Admin: the last one is neither removed nor demoted", async () => {
    for (const [method, body] of [
      ["DELETE", undefined],
      ["PUT", { roles: ["Viewer"] }],
    ] as const) {
      const refused = await send(method, `${members}/${ann}`, { as: ann, body })
      expect([refused.status, refused.headers["x-should-retry"]]).toEqual([409, "false"])
      expect(refused.body).toEqual({
        detail: expect.stringMatching(/last Admin of workspace 'ml'.*Add another Admin/),
        code: "last_admin",
        principal: ann,
        role: "Admin",
        workspace: "ml",
      })
    }
    await send("POST", members, { as: ann, body: { principal: bob, roles: ["Admin"] } })
    expect((await send("DELETE", `${members}/${ann}`, { as: ann })).status).toBe(200)
  })

  it("get no role that there is not, and none that holds more than the giver", async () => {
    const unknown = await send("POST", members, { as: ann, body: { principal: bob, roles: ["Admn"] } })
    expect([unknown.status, unknown.body["detail"]]).toEqual([400, expect.stringContaining("did you mean 'Admin'")])
    for (const [principal, role] of [
      [bob, "PlatformAdmin"],
      [bob, "ServiceSystem"],
      ["*", "Viewer"],
      ["service:api", "Viewer"],
    ]) {
      const refused = await send("POST", members, { as: ann, body: { principal, roles: [role] } })
      expect([refused.status, refused.body["code"], refused.headers["x-should-retry"]]).toEqual([403, "grant_not_allowed", "false"])
      expect(refused.body["decision_id"]).toMatch(/^[0-9a-f-]{36}$/)
      expect((await send("POST", members, { as: root, body: { principal, roles: [role] } })).status).toBe(201)
    }
  })

  it.each([
    [{ roles: ["Viewer"] }, "principal"],
    [{ principal: "" }, "principal"],
    [{ principal: 5 }, "principal"],
    [{ principal: "group:" }, "principal"],
    [{ principal: " bob" }, "principal"],
    [{ principal: "a\u0000b" }, "principal"],
    [{ principal: "a\nb" }, "principal"],
    [{ principal: "group:org/team" }, "role bindings"],
    [{ principal: "a%40b" }, "role bindings"],
    [{ principal: ".." }, "principal"],
    [{ principal: "b", roles: [] }, "roles"],
    [{ principal: "b", roles: "Viewer" }, "roles"],
    [{ principal: "b", roles: [null] }, "roles"],
    [{ principal: "b", role: "Viewer" }, "role"],
    [{ principal: "b", expires_at: "tomorrow" }, "expires_at"],
    [{ principal: "b", expires_at: "2001-01-01T00:00:00Z" }, "future"],
    [[], "body"],
    ["null", "body"],
    ['"x"', "body"],
  ])("are not made of %j", async (body, named) => {
    const answer = await send("POST", members, { as: ann, body })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
    expect(answer.body["detail"]).toContain(named)
  })

  it("may have an end", async () => {
    const made = await send("POST", members, { as: ann, body: { principal: bob, expires_at: "2999-12-31T00:00:00Z" } })
    expect(made.status).toBe(201)
    const bindings = await send("GET", `/apis/auth/v2/iam/role-bindings?filter[principal]=${bob}`, { as: root })
    expect(bindings.body["data"]).toMatchObject([{ expires_at: "2999-12-31T00:00:00.000Z" }])
  })

  it.each([
    ["zoë@example.com", "zo%C3%AB@example.com"],
    ["group:a b", "group:a%20b"],
    ["a+b=c&d,e$f@x", "a+b=c&d,e$f@x"],
    ["a+b:c*@x", "a%2Bb%3Ac%2A%40x"],
    ["o'brien(x)!@x", "o'brien(x)!@x"],
    ["what?#[x]^", "what%3F%23%5Bx%5D%5E"],
    ["🦊@x", "%F0%9F%A6%8A@x"],
  ])("called %s are found as %s", async (principal, segment) => {
    expect((await send("POST", members, { as: ann, body: { principal, roles: ["Viewer"] } })).body["principal"]).toBe(principal)
    expect((await send("PUT", `${members}/${segment}`, { as: ann, body: { roles: ["Editor"] } })).body).toMatchObject({
      principal,
      roles: ["Editor"],
    })
    expect((await send("DELETE", `${members}/${segment}`, { as: ann })).body["id"]).toBe(principal)
  })

  it("are of a workspace that there is", async () => {
    const list = await send("GET", "/apis/entities/v2/workspaces/nowhere/members", { as: root })
    expect([list.status, list.body["detail"]]).toEqual([404, "Workspace 'nowhere' not found"])
    const list403 = await send("GET", "/apis/entities/v2/workspaces/nowhere/members", { as: bob })
    expect(list403.status).toBe(403)
    expect((await send("GET", "/apis/entities/v2/workspaces/-/members", { as: root })).status).toBe(403)
  })

  it("are listed whole: there is nothing to ask for", async () => {
    const answer = await send("GET", `${members}?page=1`, { as: ann })
    expect([answer.status, answer.body["detail"]]).toEqual([400, expect.stringContaining("takes none")])
  })
})
