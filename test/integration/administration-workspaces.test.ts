import { describe, expect, it } from "vitest"
import { administeredServer, root } from "../fixtures/administered-server.js"

const workspaces = "/apis/entities/v2/workspaces"
const revision = expect.stringMatching(/^[0-9a-f]{8}\.[1-9][0-9]*$/)
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const id = expect.stringMatching(/^[0-9a-f-]{36}$/)
const ann = "ann@example.com"
const workspace = {
  id,
  name: "ml-team",
  description: "Models",
  workspace: "ml-team",
  created_at: time,
  created_by: ann,
  updated_at: time,
  updated_by: ann,
}

describe("workspaces", () => {
  it("are made by whoever may, who becomes Admin at once", async () => {
    const { send } = await administeredServer()
    const made = await send("POST", workspaces, { as: ann, body: { name: "ml-team", description: "Models" } })
    expect(made.body).toEqual({ ...workspace, revision, propagated: true })
    expect([made.status, made.headers["x-portcullis-revision"]]).toEqual([201, made.body["revision"]])
    const members = await send("GET", `${workspaces}/ml-team/members`, { as: ann })
    expect(members.body).toEqual({ data: [{ principal: ann, roles: ["Admin"], granted_at: time, granted_by: ann }] })
    expect([members.status, members.headers["x-portcullis-revision"]]).toEqual([200, made.body["revision"]])
  })

  it("are read, changed and deleted", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, body: { name: "ml-team", description: "Models" } })
    const read = await send("GET", `${workspaces}/ml-team`, { as: ann })
    expect([read.status, read.body]).toEqual([200, workspace])
    const kept = await send("PUT", `${workspaces}/ml-team`, { as: ann, body: {} })
    expect([kept.status, kept.body]).toEqual([200, { ...workspace, revision, propagated: true }])
    const changed = await send("PUT", `${workspaces}/ml-team`, { as: root, body: { description: "All models" } })
    expect(changed.body).toMatchObject({ description: "All models", created_by: ann, updated_by: root })
    const deleted = await send("DELETE", `${workspaces}/ml-team`, { as: ann })
    expect([deleted.status, deleted.body]).toEqual([
      200,
      { id: "ml-team", message: "Workspace 'ml-team' deleted", deleted_count: 1, revision, propagated: true },
    ])
    const gone = await send("GET", `${workspaces}/ml-team`, { as: root })
    expect([gone.status, gone.body, gone.headers["x-should-retry"]]).toEqual([
      404,
      { detail: "Workspace 'ml-team' not found", code: "not_found" },
      "false",
    ])
    expect((await send("GET", `${workspaces}/ml-team`, { as: ann })).status).toBe(403)
  })

  it("are not made twice, nor by names that are no names", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, body: { name: "ml-team" } })
    const again = await send("POST", workspaces, { as: root, body: { name: "ml-team" } })
    expect([again.status, again.body["code"], again.headers["x-should-retry"]]).toEqual([409, "conflict", "false"])
    expect(again.body["detail"]).toContain("Workspace 'ml-team' already exists")
    for (const name of ["", "a", "Ml", "1ml", "a--b", "ab-", "a b", "a/b", "a%2Fb", "ä".repeat(3), "x".repeat(64), 5, null, undefined, ["ab"]]) {
      const answer = await send("POST", workspaces, { as: root, body: { name } })
      expect([name, answer.status, answer.body["code"]]).toEqual([name, 400, "input_invalid"])
    }
  })

  it.each(["a.b_c", "ab@x.org", "a+b"])("may be called %s", async (name) => {
    const { send } = await administeredServer()
    expect((await send("POST", workspaces, { as: ann, body: { name } })).status).toBe(201)
    expect((await send("GET", `${workspaces}/${name}`, { as: ann })).body["name"]).toBe(name)
    expect((await send("DELETE", `${workspaces}/${name}`, { as: ann })).status).toBe(200)
  })

  it("hold entities, and then are not deleted: the answer counts them in the order of their types", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, body: { name: "ml-team" } })
    const entities = ["project/p1", "dataset/d1", "model/m1", "project/p2", "dataset/d2", "project/p3", "dataset/d3", "dataset/d4", "dataset/d5"]
    for (const entity of entities) {
      const [type, name] = entity.split("/")
      expect((await send("POST", `${workspaces}/ml-team/entities/${type}`, { as: ann, body: { name } })).status).toBe(201)
    }
    await send("DELETE", `${workspaces}/ml-team/entities/model/m1`, { as: ann })
    const refused = await send("DELETE", `${workspaces}/ml-team`, { as: ann })
    expect([refused.status, refused.headers["x-should-retry"]]).toEqual([409, "false"])
    expect(refused.body).toEqual({
      detail: "Cannot delete workspace 'ml-team': workspace contains entities that must be deleted first: project (3), dataset (5)",
      code: "workspace_not_empty",
      entities: [
        { entity_type: "project", count: 3 },
        { entity_type: "dataset", count: 5 },
      ],
    })
    expect((await send("GET", `${workspaces}/ml-team/members`, { as: ann })).status).toBe(200)
    expect((await send("DELETE", `${workspaces}/system`, { as: root })).status).toBe(409)
  })
})

describe("the list of workspaces", () => {
  it("holds what the caller may read, in pages, sorted and filtered", async () => {
    const { send } = await administeredServer()
    for (const name of ["data-one", "ml-two", "ml-three"]) await send("POST", workspaces, { as: ann, body: { name } })
    await send("POST", workspaces, { as: "bob@example.com", body: { name: "ml-bob" } })
    const names = async (query: string, as = ann) => {
      const { status, body } = await send("GET", workspaces + query, { as })
      return [status, Array.isArray(body["data"]) ? body["data"].map(({ name }) => name) : body["detail"]]
    }
    expect(await names("?sort=name")).toEqual([200, ["data-one", "ml-three", "ml-two", "system"]])
    expect(await names("?sort=-name&page_size=3&page=2")).toEqual([200, ["data-one"]])
    expect(await names("?sort=name&filter[name][$like]=ML")).toEqual([200, ["ml-three", "ml-two"]])
    expect(await names("?sort=name&filter%5Bname%5D%5B%24like%5D=_t")).toEqual([200, []])
    expect(await names("?filter[name]=ml-two")).toEqual([200, ["ml-two"]])
    expect(await names(`?filter=${encodeURIComponent('{"name":{"$in":["ml-two","ml-bob"]}}')}`)).toEqual([200, ["ml-two"]])
    expect(await names("?sort=name&filter[name][$nin]=ml-two,system")).toEqual([200, ["data-one", "ml-three"]])
    expect(await names("?sort=name&filter=", root)).toEqual([200, ["data-one", "ml-bob", "ml-three", "ml-two", "system"]])
  })

  it("says which page it is", async () => {
    const { send } = await administeredServer()
    for (const name of ["aa", "bb", "cc"]) await send("POST", workspaces, { as: ann, body: { name } })
    const { body, headers } = await send("GET", `${workspaces}?page_size=3&page=2&sort=name&filter[name][$like]=`, { as: ann })
    expect(body).toEqual({
      data: [expect.objectContaining({ name: "system" })],
      pagination: { page: 2, page_size: 3, current_page_size: 1, total_pages: 2, total_results: 4 },
      sort: "name",
      filter: { name: { $like: "" } },
    })
    expect(headers["x-portcullis-revision"]).toEqual(revision)
    const { body: whole } = await send("GET", workspaces, { as: ann })
    expect(whole).toMatchObject({ pagination: { page: 1, page_size: 100 }, sort: "-created_at", filter: {} })
  })

  it.each([
    ["page=0", "page"],
    ["page=-1", "page"],
    ["page=1.5", "page"],
    ["page=x", "page"],
    ["page=1&page=2", "twice"],
    ["page_size=1001", "page_size"],
    ["page_size=0", "page_size"],
    ["sort=id", "sort"],
    ["sort=name,created_at", "sort"],
    ["order=name", "unknown"],
    ["search=x", "unknown"],
    ["wait_role_propagation=true", "unknown"],
    ["filter[id]=x", "id"],
    ["filter[name][$regex]=x", "filter"],
    ["filter[name][$like]=a&filter[name]=b", "operator"],
    ["filter[name]=a&filter[name]=b", "twice"],
    ["filter[name][a][b]=x", "no filter"],
    ["filter[]=x", "no filter"],
    ["filter[__proto__]=x", "__proto__"],
    ["filter[__proto__][$like]=x", "__proto__"],
    [`filter=${encodeURIComponent('name~"ml"')}`, "filter[name][$like]=ml"],
    ["filter=[]", "form"],
    [`filter=${encodeURIComponent('{"name":')}`, "no JSON"],
    [`filter=${encodeURIComponent('{"name":"a","name":"b"}')}`, "twice"],
    [`filter=${encodeURIComponent('{"__proto__":{"name":"a"}}')}`, "__proto__"],
    [`filter=${encodeURIComponent('{"name":5}')}`, "name"],
    [`filter=${encodeURIComponent('{"name":"a"}')}&filter[name]=a`, "one form"],
    [`filter[name]=${"x".repeat(400)}`, "name"],
    ["filter[name]=%00", "NUL"],
  ])("answers 400 to ?%s", async (query, named) => {
    const { send } = await administeredServer()
    const answer = await send("GET", `${workspaces}?${query}`, { as: ann })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
    expect(answer.body["detail"]).toContain(named)
  })
})
