import { describe, expect, it } from "vitest"
import { administeredServer, root } from "../fixtures/administered-server.js"

const ann = "ann@example.com"
const changes = "/apis/auth/v2/iam/changes"
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe("the history", () => {
  it("says who did what, when and at which revision, newest first", async () => {
    const { send } = await administeredServer()
    const made = await send("POST", "/apis/entities/v2/workspaces", { as: ann, body: { name: "ml" } })
    const added = await send("POST", "/apis/entities/v2/workspaces/ml/members", { as: ann, body: { principal: "bob@x", roles: ["Viewer"] } })
    const removed = await send("DELETE", "/apis/entities/v2/workspaces/ml/members/bob@x", { as: root })
    const { status, body } = await send("GET", `${changes}?page_size=3`, { as: root })
    expect([status, body]).toEqual([
      200,
      {
        data: [
          {
            revision: removed.body["revision"],
            at: time,
            actor: root,
            action: "role_binding.revoked",
            principal: "bob@x",
            workspace: "ml",
            role: "Viewer",
          },
          {
            revision: added.body["revision"],
            at: time,
            actor: ann,
            action: "role_binding.granted",
            principal: "bob@x",
            workspace: "ml",
            role: "Viewer",
          },
          { revision: made.body["revision"], at: time, actor: ann, action: "role_binding.granted", principal: ann, workspace: "ml", role: "Admin" },
        ],
        pagination: { page: 1, page_size: 3, current_page_size: 3, total_pages: 3, total_results: expect.any(Number) },
        sort: "-at",
        filter: {},
      },
    ])
  })

  it.each([
    ["filter[principal]=bob@x", ["role_binding.granted"]],
    ["filter[action]=workspace.created&filter[workspace]=ml", ["workspace.created"]],
    [
      "filter[action][$in]=workspace.created,role_binding.granted&filter[actor]=ann@example.com&sort=at",
      ["workspace.created", "role_binding.granted", "role_binding.granted"],
    ],
    ["filter[at][gte]=2999-01-01", []],
    ["filter[actor][$like]=nobody", []],
  ])("answers ?%s", async (query, expected) => {
    const { send } = await administeredServer()
    await send("POST", "/apis/entities/v2/workspaces", { as: ann, body: { name: "ml" } })
    await send("POST", "/apis/entities/v2/workspaces/ml/members", { as: ann, body: { principal: "bob@x" } })
    const { body } = await send("GET", `${changes}?${query}`, { as: root })
    expect(Array.isArray(body["data"]) ? body["data"].map(({ action }) => action) : body["detail"]).toEqual(expected)
  })

  it.each(["filter[action]=created", "filter[name]=x", "sort=actor"])("answers 400 to ?%s", async (query) => {
    const { send } = await administeredServer()
    expect((await send("GET", `${changes}?${query}`, { as: root })).status).toBe(400)
  })

  it("cannot be written", async () => {
    const { send } = await administeredServer()
    const answer = await send("POST", changes, { as: root, body: {} })
    expect([answer.status, answer.headers["allow"], answer.body["code"]]).toEqual([405, "GET, HEAD", "method_not_allowed"])
  })
})
