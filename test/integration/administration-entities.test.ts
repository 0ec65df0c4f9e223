import { beforeEach, describe, expect, it } from "vitest"
import { administeredServer, root, type AdministeredServer } from "../fixtures/administered-server.js"

const ann = "ann@example.com"
const projects = "/apis/entities/v2/workspaces/ml/entities/project"
const revision = expect.stringMatching(/^[0-9a-f]{8}\.[1-9][0-9]*$/)
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

let send: AdministeredServer["send"]
beforeEach(async () => {
  ;({ send } = await administeredServer())
  await send("POST", "/apis/entities/v2/workspaces", { as: ann, body: { name: "ml" } })
})

const entity = {
  id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  name: "p1",
  entity_type: "project",
  workspace: "ml",
  data: { color: "red", nested: [1, { "": null }] },
  db_version: 1,
  created_at: time,
  created_by: ann,
  updated_at: time,
  updated_by: ann,
}

describe("entities", () => {
  it("are registered, read, changed and deleted", async () => {
    const made = await send("POST", projects, { as: ann, body: { name: "p1", data: entity.data } })
    expect([made.status, made.body]).toEqual([201, { ...entity, revision, propagated: true }])
    expect((await send("GET", `${projects}/p1`, { as: ann })).body).toEqual(entity)
    const changed = await send("PUT", `${projects}/p1`, { as: root, body: { data: {}, expected_db_version: 1 } })
    expect([changed.status, changed.body]).toEqual([200, { ...entity, data: {}, db_version: 2, updated_by: root, revision, propagated: true }])
    const stale = await send("PUT", `${projects}/p1`, { as: ann, body: { data: {}, expected_db_version: 1 } })
    expect([stale.status, stale.body["code"], stale.headers["x-should-retry"]]).toEqual([409, "conflict", "false"])
    const deleted = await send("DELETE", `${projects}/p1`, { as: ann })
    expect([deleted.status, deleted.body]).toEqual([
      200,
      { id: "ml/project/p1", message: "project 'p1' deleted", deleted_count: 1, revision, propagated: true },
    ])
    expect((await send("GET", `${projects}/p1`, { as: ann })).status).toBe(404)
    expect((await send("DELETE", `${projects}/p1`, { as: ann })).status).toBe(404)
  })

  it("are listed by type, in pages", async () => {
    for (const name of ["p1", "p2", "q1"]) await send("POST", projects, { as: ann, body: { name } })
    await send("POST", "/apis/entities/v2/workspaces/ml/entities/dataset", { as: ann, body: { name: "p9" } })
    const { body } = await send("GET", `${projects}?sort=-name&page_size=1&filter[name][$like]=p`, { as: ann })
    expect(body).toMatchObject({
      data: [{ name: "p2", data: {} }],
      pagination: { page: 1, page_size: 1, current_page_size: 1, total_pages: 2, total_results: 2 },
      sort: "-name",
    })
    expect((await send("GET", "/apis/entities/v2/workspaces/ml/entities/none", { as: ann })).body).toMatchObject({
      data: [],
      pagination: { total_pages: 0, total_results: 0 },
    })
  })

  it("have one name each, in a workspace that there is", async () => {
    await send("POST", projects, { as: ann, body: { name: "p1" } })
    const twice = await send("POST", projects, { as: ann, body: { name: "p1" } })
    expect([twice.status, twice.body["code"]]).toEqual([409, "conflict"])
    const nowhere = await send("POST", "/apis/entities/v2/workspaces/nowhere/entities/project", { as: root, body: { name: "p1" } })
    expect([nowhere.status, nowhere.body["detail"]]).toEqual([404, "Workspace 'nowhere' not found"])
    for (const body of [{}, { name: "-" }, { name: "a/b" }, { name: "p2", data: [] }, { name: "p2", data: "x" }, { name: "p2", parent: "p1" }])
      expect([body, (await send("POST", projects, { as: ann, body })).status]).toEqual([body, 400])
    const large = await send("POST", projects, { as: ann, body: { name: "p2", data: { text: "x".repeat(70_000) } } })
    expect([large.status, large.body["detail"]]).toEqual([400, expect.stringContaining("65536")])
    expect((await send("POST", "/apis/entities/v2/workspaces/ml/entities/-x", { as: ann, body: { name: "p2" } })).status).toBe(400)
  })
})
