import { describe, expect, it } from "vitest"
import { post, testServer } from "../fixtures/test-server.js"

const question = { principal_id: "ann", method: "GET", path: "/x" }

describe("OPA's data API", () => {
  it.each([
    ["/v1/data/authz/allow", { result: { allowed: true, headers: { "X-NMP-Authorized": "true" } } }],
    ["/v1/data/authz/allow/allowed", { result: true }],
    ["//v1/data/authz/allow", undefined],
    ["/v1/data/authz/%61llow/headers/X-NMP-Authorized", { result: "true" }],
    ["/v1/data/authz/allow/nothing", {}],
    ["/v1/data/authz/allow/allowed/deeper", {}],
    ["/v1/data/authz/allow/__proto__", {}],
    ["/v1/data/authz/allow/constructor/name", {}],
    ["/v1/data/authz/has_role/has_role", { result: true }],
    ["/v1/data/authz/explain/reasons", { result: [] }],
    ["/v1/data/authz/explain/reasons/length", {}],
    ["/v1/data", {}],
    ["/v1/data/authz", {}],
    ["/v1/data/authz_data/roles", {}],
    ["/v1/data/authz_bindings", {}],
    ["/v1/data/system/main", {}],
  ])("answers %s with %j", async (path, expected) => {
    const { url } = await testServer()
    const answer = await post(url + path, { input: question })
    expect(answer.status).toBe(expected ? 200 : 404)
    if (!expected) return
    const text = await answer.text()
    expect(text.endsWith("\n")).toBe(true)
    expect(JSON.parse(text)).toEqual(expected)
    expect(answer.headers.get("x-portcullis-revision")).toBe("00000001.1")
  })

  it.each([
    ["/v1/data//authz/allow", 307, "/v1/data/authz/allow"],
    ["/v1/data/authz///allow/", 301, "/v1/data/authz/allow"],
    ["/v1/data/?pretty", 301, "/v1/data?pretty"],
    ["/v0//data/authz/allow", 307, "/v0/data/authz/allow"],
  ])("sends %s on with %i to %s, as OPA does", async (path, status, location) => {
    const { url, pdp } = await testServer()
    const answer = await fetch(url + path, { method: "POST", body: "{}", redirect: "manual" })
    expect([answer.status, answer.headers.get("location"), pdp.asked]).toEqual([status, location, []])
  })

  it("answers allow_many with a list, at most 1,000 requests at a time, and counts each decision", async () => {
    const { url, pdp } = await testServer()
    pdp.answer = () => [true, false]
    const requests = [question, { ...question, principal_id: "ben" }]
    expect(await (await post(`${url}/v1/data/authz/allow_many`, { input: { requests } })).json()).toEqual({ result: [true, false] })
    expect(await (await post(`${url}/v1/data/authz/allow_many/1`, { input: { requests } })).json()).toEqual({ result: false })
    expect(pdp.asked[0]).toEqual({ entrypoint: "authz/allow_many", input: { requests } })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    for (const result of ["allow", "deny"]) expect(metrics).toMatch(new RegExp(`\\{entrypoint="allow_many",result="${result}"\\} 2\\n`))
    for (const wrong of [Array.from({ length: 1_001 }, () => ({})), 5, [5], [{ principal_groups: Array.from({ length: 101 }, () => "g") }]])
      expect((await post(`${url}/v1/data/authz/allow_many`, { input: { requests: wrong } })).status).toBe(400)
    expect((await post(`${url}/apis/auth/v2/authz/allow_many`, { input: { requests } })).status).toBe(400)
  })

  it.each(["", "null", "{}", `{"other":1}`, `{"input":null}`])("leaves the input undefined for the body '%s', and warns", async (body) => {
    const { url, pdp } = await testServer()
    const answer = await (await post(`${url}/v1/data/authz/allow/allowed`, body)).json()
    expect(answer).toEqual({ result: false, warning: { code: "api_usage_warning", message: "'input' key missing from the request" } })
    expect(pdp.asked).toEqual([{ entrypoint: "authz/allow", input: undefined }])
  })

  it.each([5, "x", [1], true])("passes the input %j on as it is", async (input) => {
    const { url, pdp } = await testServer()
    expect(await (await post(`${url}/v1/data/authz/allow/allowed`, { input })).json()).toEqual({ result: false })
    expect(pdp.asked[0]?.input).toEqual(input)
  })

  it("reads the input of a GET from its query, and does not warn without one", async () => {
    const { url, pdp } = await testServer()
    const path = `${url}/v1/data/authz/allow/allowed`
    expect(await (await fetch(`${path}?input=${encodeURIComponent(JSON.stringify(question))}`)).json()).toEqual({ result: true })
    expect(await (await fetch(path)).json()).toEqual({ result: false })
    expect(pdp.asked.map(({ input }) => input)).toEqual([question, undefined])
  })

  it("answers HEAD without a body", async () => {
    const { url } = await testServer()
    const answer = await fetch(`${url}/v1/data/authz/allow`, { method: "HEAD" })
    expect([answer.status, await answer.text()]).toEqual([200, ""])
  })

  it("gives an empty object for an undefined result", async () => {
    const { url, pdp } = await testServer()
    pdp.answer = () => undefined
    expect(await (await post(`${url}/v1/data/authz/allow`, { input: question })).text()).toBe("{}\n")
  })

  it.each([
    ["?pretty", true],
    ["?pretty=TRUE", true],
    ["?pretty=false", false],
    ["?pretty=1", false],
    ["", false],
  ])("indents the answer for '%s': %j", async (query, indented) => {
    const { url } = await testServer()
    const text = await (await post(`${url}/v1/data/authz/has_role${query}`, { input: question })).text()
    expect(text).toBe(indented ? '{\n  "result": {\n    "has_role": true\n  }\n}\n' : '{"result":{"has_role":true}}\n')
  })

  it.each(["{", "[]", "5", `"x"`, `{"input":{"principal_id":5}}`, `{"input":{"a":1,"a":2}}`])("answers 400 in OPA's shape to %s", async (body) => {
    const { url } = await testServer()
    const answer = await post(`${url}/v1/data/authz/allow`, body)
    const text = await answer.text()
    expect([answer.status, JSON.parse(text)]).toEqual([400, { code: "invalid_parameter", message: expect.any(String) }])
    expect(text.startsWith('{\n  "code"')).toBe(true)
  })

  it("answers 400 to a malformed input parameter and path", async () => {
    const { url } = await testServer()
    for (const path of ["/v1/data/authz/allow?input=%7B", "/v1/data/authz/%zz", "/v1/data/authz/allow?input=%5B1e999%5D"])
      expect((await fetch(url + path)).status).toBe(400)
  })

  it.each([
    ["PUT", "/v1/data/authz/roles", 400],
    ["PATCH", "/v1/data", 400],
    ["DELETE", "/v1/data/x", 400],
    ["DELETE", "/v1/data", 405],
    ["OPTIONS", "/v1/data/authz/allow", 405],
    ["PROPFIND", "/v1/data", 405],
    ["GET", "/v1/nothing", 404],
    ["GET", "/v0/data/authz/allow", 405],
  ])("answers %s %s with %i, as OPA does", async (method, path, status) => {
    const { url } = await testServer()
    const answer = await fetch(url + path, { method, ...(method.startsWith("P") && method !== "PROPFIND" && { body: "{}" }) })
    expect(answer.status).toBe(status)
    const text = await answer.text()
    if (status === 400) expect(JSON.parse(text)).toMatchObject({ code: "invalid_parameter" })
    if (status === 405) expect(text).toBe("")
    if (status === 404) expect([text, answer.headers.get("content-type")]).toEqual(["404 page not found\n", "text/plain; charset=utf-8"])
  })

  it("answers 503 in OPA's shape before there is data", async () => {
    const { url, pdp } = await testServer()
    pdp.ready = false
    const answer = await post(`${url}/v1/data/authz/allow`, { input: question })
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: "internal_error" }])
  })

  it("says 400 to a body that is too large, as OPA does", async () => {
    const { url } = await testServer()
    expect((await post(`${url}/v1/data/authz/allow`, " ".repeat(1_048_577))).status).toBe(400)
  })
})
