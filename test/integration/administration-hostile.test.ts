import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { z } from "zod"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { raw } from "../fixtures/test-server.js"

const workspaces = "/apis/entities/v2/workspaces"

describe("bodies", () => {
  it.each([
    ["", "empty"],
    ["  \n", "empty"],
    ["{", "no JSON"],
    ["{}{}", "no JSON"],
    ['{"name":"ml","name":"other"}', "twice"],
    ['{"name":"ml","n\\u0061me":"other"}', "twice"],
    ['{"name":"\\ud800"}', "surrogate"],
    [`{"description":${"[".repeat(100)}`, "nesting"],
    ['{"name":"ml","description":1e999}', "double"],
    ['{"name":"ml","owner":"me"}', "owner"],
    ['{"name":"ml","__proto__":{}}', "__proto__"],
    ['{"name":"ml","description":"a\\u0000b"}', "description"],
    ['{"name":"ml","description":{}}', "description"],
    [`{"name":"ml","description":"${"x".repeat(5_000)}"}`, "description"],
    ["[]", "body"],
    ["null", "body"],
    ["1", "body"],
  ])("%s is refused", async (body, named) => {
    const { send } = await administeredServer()
    const answer = await send("POST", workspaces, { as: root, body })
    expect([answer.status, answer.body["code"], answer.headers["x-should-retry"]]).toEqual([400, "input_invalid", "false"])
    expect(answer.body["detail"]).toContain(named)
    expect(answer.body["detail"]).toEqual(expect.any(String))
  })

  it("are limited, and may be gzip", async () => {
    const { send, url } = await administeredServer({ limits: { bodyBytes: 2_048 } })
    const large = await send("POST", workspaces, { as: root, body: { name: "ml", description: "x".repeat(3_000) } })
    expect([large.status, large.body["code"]]).toEqual([413, "too_large"])
    const post = (body: Buffer, encoding: string) =>
      fetch(url + workspaces, {
        method: "POST",
        headers: { "X-NMP-Principal-Id": root, "Content-Encoding": encoding },
        body: new Uint8Array(body),
      })
    expect((await post(gzipSync(JSON.stringify({ name: "ml" })), "gzip")).status).toBe(201)
    expect((await post(gzipSync("x".repeat(100_000)), "gzip")).status).toBe(413)
    expect((await post(Buffer.from("{}"), "br")).status).toBe(415)
  })

  it("are not read of who may not write", async () => {
    const { send } = await administeredServer()
    const answer = await send("DELETE", `${workspaces}/system`, { as: "ann@example.com", body: "{" })
    expect(answer.status).toBe(403)
    expect((await send("POST", `${workspaces}/system/members`, { as: "ann@example.com", body: "x".repeat(2_000_000) })).status).toBe(403)
  })

  it("may be missing from a DELETE that has a JSON content type", async () => {
    const { port, send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    const request = `DELETE ${workspaces}/ml HTTP/1.1\r\nHost: 127.0.0.1\r\nX-NMP-Principal-Id: ${root}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n`
    expect(await raw(port, request)).toContain("HTTP/1.1 200")
  })
})

describe("targets", () => {
  it.each([
    "/apis/entities/v2/workspaces/m%6C",
    "/apis/entities/v2/workspaces/ml%2Fmembers",
    "/apis/entities/v2/workspaces/ml/members/..",
    "/apis/entities/v2/workspaces/x/../ml",
    "/apis/entities/v2/workspaces/./ml",
    "/apis/entities/v2/workspaces/%2e%2e/ml",
    "/apis/entities/v2/workspaces/ml%00",
    "/apis/entities/v2/workspaces/ml;x=1",
    "/apis/entities/v2/workspaces\\ml",
    "/apis/entities/v2/workspaces/ml/members/a%252540b",
    "/apis/entities/v2/workspaces/ml/members/a%2Fb",
    "/apis/entities/v2/workspaces/ml/members/%zz",
    "/apis/entities/v2/workspaces/ml/members/a%5Cb",
    "/apis/entities/v2/workspaces/ml/members/a%0Ab",
    "/apis/entities/v2/workspaces/ml/members/%25",
    "/apis//entities/v2/workspaces/ml",
    "/apis/entities/v2/workspaces/ml/",
    "/APIS/entities/v2/workspaces/ml",
  ])("%s reach nothing, even for a PlatformAdmin", async (target) => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await send(method, target, { as: root, ...(method === "PUT" && { body: { roles: ["Viewer"] } }) })
      expect([400, 403, 404, 405]).toContain(answer.status)
    }
    expect((await send("GET", `${workspaces}/ml`, { as: root })).status).toBe(200)
    expect((await send("GET", `${workspaces}/ml/members`, { as: root })).body["data"]).toHaveLength(1)
  })

  it("that are not UTF-8 are refused", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    const answer = await send("DELETE", `${workspaces}/ml/members/%FF`, { as: root })
    expect([answer.status, answer.body["detail"]]).toEqual([400, expect.stringContaining("UTF-8")])
  })

  it("of another method are told which ones there are", async () => {
    const { send } = await administeredServer()
    for (const [path, allow] of [
      [workspaces, "GET, HEAD, POST"],
      [`${workspaces}/ml`, "GET, HEAD, PUT, DELETE"],
      [`${workspaces}/ml/members/bob`, "PUT, DELETE"],
      [`${workspaces}/ml/entities/project/p1`, "GET, HEAD, PUT, DELETE"],
      ["/apis/auth/v2/iam/role-bindings/rb-1", "GET, HEAD, DELETE"],
    ] as const) {
      const answer = await send("PATCH", path, { as: root })
      expect([answer.status, answer.headers["allow"]]).toEqual([405, allow])
    }
  })

  it("answer HEAD as GET, without the body", async () => {
    const { send } = await administeredServer()
    const head = await send("HEAD", workspaces, { as: root })
    expect([head.status, head.text, Number(head.headers["content-length"]) > 0]).toEqual([200, "", true])
  })
})

describe("every answer", () => {
  it("carries the request's id", async () => {
    const { send } = await administeredServer()
    for (const as of [root, "ann@example.com", ""]) {
      const answer = await send("GET", `${workspaces}/system/members`, { as, headers: { "X-Request-ID": "abc-1" } })
      expect(answer.headers["x-request-id"]).toBe("abc-1")
    }
  })

  it("is counted by the template of its route", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    await send("PUT", `${workspaces}/ml/members/bob@x`, { as: root, body: { roles: ["Viewer"] } })
    await send("GET", "/apis/auth/v2/iam/role-bindings/rb-1", { as: root })
    await send("GET", `${workspaces}/ml`, { as: "ann@example.com" })
    const { text } = await send("GET", "/metrics")
    for (const line of [
      `handler="/apis/entities/v2/workspaces",method="POST",code="201"} 1`,
      `handler="/apis/entities/v2/workspaces/{workspace}/members/{principal_id}",method="PUT",code="200"} 1`,
      `handler="/apis/auth/v2/iam/role-bindings/{name}",method="GET",code="404"} 1`,
      `handler="/apis/entities/v2/workspaces/{name}",method="GET",code="403"} 1`,
      `portcullis_errors_total{code="not_found"} 1`,
      `portcullis_errors_total{code="role_missing"} 1`,
    ])
      expect(text).toContain(line)
    expect(text).not.toContain("bob@x")
  })

  it("that fails on our side says nothing of the cause", async () => {
    const { send, source } = await administeredServer()
    await source.database.close()
    const answer = await send("GET", workspaces, { as: root })
    expect([answer.status, answer.body["code"], answer.headers["retry-after"]]).toEqual([503, "closed", "1"])
  })
})

describe("the OpenAPI document", () => {
  const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string().optional() }))) })

  it("describes every operation by the schemas that check it", async () => {
    const { send } = await administeredServer()
    const { paths } = Document.parse((await send("GET", "/openapi.json")).body)
    const methods = Object.fromEntries(Object.entries(paths).map(([path, operations]) => [path, Object.keys(operations).sort()]))
    expect(methods).toMatchObject({
      "/apis/auth/discovery": ["get"],
      "/apis/auth/authenticate": ["get"],
      "/apis/entities/v2/workspaces": ["get", "post"],
      "/apis/entities/v2/workspaces/{name}": ["delete", "get", "put"],
      "/apis/entities/v2/workspaces/{workspace}/members": ["get", "post"],
      "/apis/entities/v2/workspaces/{workspace}/members/{principal_id}": ["delete", "put"],
      "/apis/entities/v2/workspaces/{workspace}/entities/{entity_type}": ["get", "post"],
      "/apis/entities/v2/workspaces/{workspace}/entities/{entity_type}/{name}": ["delete", "get", "put"],
      "/apis/auth/v2/iam/role-bindings": ["get", "post"],
      "/apis/auth/v2/iam/role-bindings/{name}": ["delete", "get"],
      "/apis/auth/v2/iam/changes": ["get"],
    })
    expect(paths["/apis/entities/v2/workspaces/{workspace}/members"]?.["post"]).toMatchObject({
      requestBody: { content: { "application/json": { schema: { required: ["principal"], additionalProperties: false } } } },
      responses: { 201: {}, 202: {}, 409: {} },
    })
    const ids = Object.values(paths).flatMap((operations) => Object.values(operations).flatMap(({ operationId }) => operationId ?? []))
    expect(new Set(ids).size).toBe(ids.length)
  })
})
