import { beforeEach, describe, expect, it } from "vitest"
import { administeredServer, root, type AdministeredServer } from "../fixtures/administered-server.js"

const ann = "ann@example.com"
const bob = "bob@example.com"
const bindings = "/apis/auth/v2/iam/role-bindings"
const revision = expect.stringMatching(/^[0-9a-f]{8}\.[1-9][0-9]*$/)
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const name = expect.stringMatching(/^rb-[0-9a-f]{24}$/)

let send: AdministeredServer["send"]
beforeEach(async () => {
  ;({ send } = await administeredServer())
  await send("POST", "/apis/entities/v2/workspaces", { as: ann, body: { name: "ml" } })
})

const record = {
  id: name,
  name,
  principal: bob,
  workspace: "ml",
  role: "Viewer",
  granted_by: root,
  granted_at: time,
  expires_at: null,
  revoked_by: null,
  revoked_at: null,
}

describe("role bindings", () => {
  it("are given, read, revoked, and given again", async () => {
    const made = await send("POST", bindings, { as: root, body: { principal: bob, workspace: "ml", role: "Viewer" } })
    expect([made.status, made.body]).toEqual([200, { ...record, revision, propagated: true }])
    const one = `${bindings}/${String(made.body["name"])}`
    expect((await send("GET", one, { as: root })).body).toEqual(record)
    const twice = await send("POST", bindings, { as: root, body: { principal: bob, workspace: "ml", role: "Viewer" } })
    expect([twice.status, twice.body["code"], twice.headers["x-should-retry"]]).toEqual([409, "conflict", "false"])
    const revoked = await send("DELETE", one, { as: root })
    expect([revoked.status, revoked.body]).toEqual([
      200,
      { id: made.body["name"], message: expect.any(String), deleted_count: 1, deleted_at: time, revision, propagated: true },
    ])
    expect((await send("GET", one, { as: root })).body).toEqual({ ...record, revoked_by: root, revoked_at: time })
    const again = await send("DELETE", one, { as: root })
    expect([again.status, again.body["detail"], again.headers["x-should-retry"]]).toEqual([409, "Role binding is already revoked", "false"])
    expect((await send("POST", bindings, { as: root, body: { principal: bob, workspace: "ml", role: "Viewer" } })).status).toBe(200)
    expect((await send("GET", one, { as: root })).body["revoked_at"]).toBeNull()
  })

  it("are of system when no workspace is named, and of none that there is not", async () => {
    const made = await send("POST", bindings, { as: root, body: { principal: bob, role: "PlatformAdmin" } })
    expect([made.status, made.body["workspace"]]).toEqual([200, "system"])
    const nowhere = await send("POST", bindings, { as: root, body: { principal: bob, role: "Viewer", workspace: "nowhere" } })
    expect([nowhere.status, nowhere.body["code"]]).toEqual([404, "not_found"])
    for (const workspace of ["-", "*", "", "a/b", "a\u0000b", 5]) {
      const answer = await send("POST", bindings, { as: root, body: { principal: bob, role: "Viewer", workspace } })
      expect([workspace, answer.status]).toEqual([workspace, 400])
    }
  })

  it("keep a PlatformAdmin", async () => {
    const { body } = await send("GET", `${bindings}?filter[role]=PlatformAdmin`, { as: root })
    const [admin] = Array.isArray(body["data"]) ? body["data"] : []
    const refused = await send("DELETE", `${bindings}/${admin.name}`, { as: root })
    expect([refused.status, refused.body["code"], refused.headers["x-should-retry"]]).toEqual([409, "last_admin", "false"])
  })

  it("are not for everybody to see", async () => {
    for (const [method, path] of [
      ["GET", bindings],
      ["POST", bindings],
      ["GET", `${bindings}/rb-1`],
      ["DELETE", `${bindings}/rb-1`],
      ["GET", "/apis/auth/v2/iam/changes"],
    ] as const)
      expect([path, (await send(method, path, { as: ann, body: "{}" })).status]).toEqual([path, 403])
    expect((await send("GET", `${bindings}/rb-1`, { as: root })).body).toEqual({ detail: "Role binding 'rb-1' not found", code: "not_found" })
  })
})

describe("the list of role bindings", () => {
  const principals = async (query: string) => {
    const { status, body } = await send("GET", `${bindings}?sort=principal&filter[workspace]=ml&${query}`, { as: root })
    return status === 200 && Array.isArray(body["data"]) ? body["data"].map(({ principal }) => principal) : body["detail"]
  }

  beforeEach(async () => {
    for (const principal of ["b1@x", "b2@x", "group:c"])
      await send("POST", bindings, { as: root, body: { principal, workspace: "ml", role: "Viewer" } })
    const { body } = await send("POST", bindings, { as: root, body: { principal: "gone@x", workspace: "ml", role: "Editor" } })
    await send("DELETE", `${bindings}/${String(body["name"])}`, { as: root })
  })

  it.each([
    ["", [ann, "b1@x", "b2@x", "gone@x", "group:c"]],
    ["filter[is_active]=true", [ann, "b1@x", "b2@x", "group:c"]],
    ["filter[is_active]=false", ["gone@x"]],
    ["filter[principal][$in]=b1@x,group:c", ["b1@x", "group:c"]],
    ["filter[principal][$eq]=b1@x", ["b1@x"]],
    ["filter[principal][$like]=B", ["b1@x", "b2@x"]],
    ["filter[principal][$nin]=b1@x&filter[role]=Viewer", ["b2@x", "group:c"]],
    [`filter[granted_by]=${ann}`, [ann]],
    ["filter[granted_at][gte]=2020-01-01T00:00:00", [ann, "b1@x", "b2@x", "gone@x", "group:c"]],
    ["filter[granted_at][$lte]=2020-01-01", []],
    ["filter%5Bgranted_at%5D%5Bgte%5D=2999-01-01T00%3A00%3A00.123456%2B02%3A00", []],
    ["filter[revoked_at][$gte]=2020-01-01T00:00Z", ["gone@x"]],
    ["filter[is_active]=true&page_size=2&page=2", ["b2@x", "group:c"]],
    ["page=9", []],
  ])("answers ?%s", async (query, expected) => {
    expect(await principals(query)).toEqual(expected)
  })

  it.each([
    "filter[is_active]=yes",
    "filter[is_active]=1",
    "filter[granted_at]=2020-01-01",
    "filter[granted_at][gt]=2020-01-01",
    "filter[granted_at][gte]=yesterday",
    "filter[granted_at][gte]=2020-13-45",
    "filter[granted_at][gte]=2020-01-01T00:00:00+00:00",
    "filter[principal][$in]=" + "a,".repeat(200),
    "filter[name]=rb-1",
    "sort=expires",
  ])("answers 400 to ?%s", async (query) => {
    const answer = await send("GET", `${bindings}?${query}`, { as: root })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
  })

  it("takes filters as JSON, and echoes them", async () => {
    const filter = { principal: { $in: ["b1@x", "b2@x"] }, is_active: true, granted_at: { $gte: "2020-01-01T00:00:00" } }
    const { body } = await send("GET", `${bindings}?filter=${encodeURIComponent(JSON.stringify(filter))}&page_size=1&sort=-principal`, { as: root })
    expect(body).toEqual({
      data: [expect.objectContaining({ principal: "b2@x" })],
      pagination: { page: 1, page_size: 1, current_page_size: 1, total_pages: 2, total_results: 2 },
      sort: "-principal",
      filter: { ...filter, granted_at: { $gte: "2020-01-01T00:00:00.000Z" } },
    })
  })

  it("has ten on a page, oldest first, unless told otherwise", async () => {
    const { body } = await send("GET", bindings, { as: root })
    expect(body).toMatchObject({ pagination: { page: 1, page_size: 10, total_results: 8 }, sort: "created_at", filter: {} })
  })
})
