import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { request } from "node:http"
import { z } from "zod"
import { describe, expect, it } from "vitest"
import { createPdp } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { fakePdp } from "../fixtures/fake-pdp.js"
import { post, raw, testServer } from "../fixtures/test-server.js"

const question = { principal_id: "ann", method: "GET", path: "/x" }

const OpenApi = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

async function codeOf(answer: Response): Promise<unknown> {
  return z.looseObject({ code: z.unknown() }).parse(await answer.json()).code
}

function send(
  port: number,
  path: string,
  headers: Record<string, string>,
  method = "GET",
  body = "",
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, method, headers }, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
    })
    sent.on("error", reject)
    sent.end(body)
  })
}

describe("the PDP API", () => {
  it("answers every entrypoint with its result and the revision", async () => {
    const { url, pdp } = await testServer()
    const who = { principal_id: "ann" }
    const bodies = {
      allow: question,
      explain: question,
      has_permissions: { ...who, workspace: "ml", permissions: ["a.read"] },
      has_role: { ...who, workspace: "ml", role: "Viewer" },
    }
    for (const [name, input] of Object.entries(bodies)) {
      const answer = await post(`${url}/apis/auth/v2/authz/${name}`, { input })
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ result: pdp.answer(`authz/${name}`, input) })
      expect(answer.headers.get("x-portcullis-revision")).toBe("00000001.1")
    }
    expect(pdp.asked.map((asked) => asked.entrypoint)).toEqual(["authz/allow", "authz/explain", "authz/has_permissions", "authz/has_role"])
  })

  it("answers a deny with 200, and with a Content-Length", async () => {
    const { url } = await testServer()
    const answer = await post(`${url}/apis/auth/v2/authz/allow?x=1`, { input: { ...question, principal_id: "bob" } })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ result: { allowed: false, headers: { "X-NMP-Authorized": "false" } } })
    expect(answer.headers.get("content-length")).toBe("67")
  })

  it.each([undefined, true, "true", 1, null])("turns the result %j into a deny", async (result) => {
    const { url, pdp } = await testServer()
    pdp.answer = () => result
    const answer = await post(`${url}/apis/auth/v2/authz/allow`, { input: question })
    expect(await answer.json()).toEqual({ result: { allowed: false, headers: { "X-NMP-Authorized": "false" } } })
  })

  it("names the entrypoints when asked for another", async () => {
    const { url } = await testServer()
    const answer = await post(`${url}/apis/auth/v2/authz/deny`, { input: {} })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      detail: { error: "Invalid entrypoint: deny", valid_entrypoints: ["allow", "has_permissions", "has_role", "explain"] },
    })
  })

  it("passes input on as it came, unknown members and Envoy's shape included", async () => {
    const { url, pdp } = await testServer()
    const input = {
      extra: [1],
      attributes: { request: { http: { method: "GET", path: "/x", headers: { "x-nmp-principal-id": "ann" } } }, source: 1 },
    }
    expect((await post(`${url}/apis/auth/v2/authz/allow`, { input, more: 1 })).status).toBe(200)
    expect(pdp.asked[0]?.input).toEqual(input)
  })

  it.each([
    ["allow", { principal_id: 5 }],
    ["allow", { principal_email: ["a"] }],
    ["allow", { principal_groups: "a,b" }],
    ["allow", { principal_groups: ["a", 1] }],
    ["allow", { scopes: "a b" }],
    ["allow", { method: 1 }],
    ["allow", { path: null }],
    ["allow", { on_behalf_of_principal_id: {} }],
    ["allow", { on_behalf_of_principal_groups: [[]] }],
    ["allow", { attributes: 5 }],
    ["allow", { attributes: { request: { http: { path: 5 } } } }],
    ["allow", { attributes: { request: { http: { headers: { "x-nmp-principal-id": 5 } } } } }],
    ["has_permissions", { workspace: "ml" }],
    ["has_permissions", { workspace: "ml", permissions: [] }],
    ["has_permissions", { workspace: "ml", permissions: [""] }],
    ["has_permissions", { workspace: "ml", permissions: ["a/b/c"] }],
    ["has_permissions", { workspace: "-", permissions: ["a"] }],
    ["has_permissions", { permissions: ["a"] }],
    ["has_role", { workspace: "ml" }],
    ["has_role", { workspace: "ml", role: "Viewer", effective: "yes" }],
  ])("answers 400 to %s with %j", async (name, input) => {
    const { url, pdp } = await testServer()
    const answer = await post(`${url}/apis/auth/v2/authz/${name}`, { input })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: "input_invalid", detail: expect.any(String) })
    expect(pdp.asked).toEqual([])
  })

  it.each([{ principal_groups: 101 }, { on_behalf_of_principal_groups: 101 }])("answers 400 too_many_groups to %j", async (counts) => {
    const { url } = await testServer()
    const groups = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Array.from({ length: count }, (_, at) => `g${at}`)]))
    const answer = await post(`${url}/apis/auth/v2/authz/allow`, { input: { ...question, ...groups } })
    expect([answer.status, await codeOf(answer)]).toEqual([400, "too_many_groups"])
  })

  it("counts the groups in Envoy's headers", async () => {
    const { url } = await testServer()
    const headers = { "x-nmp-principal-groups": "g,".repeat(101) }
    const answer = await post(`${url}/apis/auth/v2/authz/allow`, { input: { attributes: { request: { http: { headers } } } } })
    expect(await codeOf(answer)).toBe("too_many_groups")
  })

  it("inflates gzip bodies, and refuses other encodings", async () => {
    const { url } = await testServer()
    const body = JSON.stringify({ input: question })
    expect((await post(`${url}/apis/auth/v2/authz/allow`, gzipSync(body), { "Content-Encoding": "gzip" })).status).toBe(200)
    expect((await post(`${url}/apis/auth/v2/authz/allow`, body, { "Content-Encoding": "br" })).status).toBe(415)
    expect((await post(`${url}/v1/data/authz/allow`, body, { "Content-Encoding": "br" })).status).toBe(400)
  })

  it("answers 503 before there is data, and 500 when the policy fails", async () => {
    const { url, pdp } = await testServer()
    pdp.ready = false
    const early = await post(`${url}/apis/auth/v2/authz/allow`, { input: question })
    expect([early.status, await codeOf(early)]).toEqual([503, "pdp_not_ready"])
    pdp.ready = true
    pdp.answer = () => {
      throw new TypeError("secret")
    }
    const failed = await post(`${url}/apis/auth/v2/authz/allow`, { input: question })
    expect(failed.status).toBe(500)
    expect(await failed.text()).not.toContain("secret")
  })

  it("needs a service's header in the nemo profile", async () => {
    const { url } = await testServer({ profile: "nemo" })
    const target = `${url}/apis/auth/v2/authz/allow`
    const none = await post(target, { input: question })
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    expect((await post(target, { input: question }, { "X-NMP-Principal-Id": "ann" })).status).toBe(403)
    expect((await post(target, { input: question }, { "X-NMP-Principal-Id": "service:api" })).status).toBe(200)
  })
})

describe("at-least revisions", () => {
  it("waits until decisions reflect the revision", async () => {
    const { url, pdp } = await testServer()
    const answer = post(`${url}/apis/auth/v2/authz/allow`, { input: question }, { "X-Portcullis-At-Least": "00000001.7" })
    await expect.poll(() => pdp.waiters()).toBe(1)
    pdp.advance(7)
    expect((await answer).headers.get("x-portcullis-revision")).toBe("00000001.7")
  })

  it.each([
    ["0000000f.1", 409, "revision_unknown_epoch"],
    ["00000001.9", 503, "revision_timeout"],
    ["nonsense", 400, "input_invalid"],
  ])("answers %s with %i %s", async (revision, status, code) => {
    const { url } = await testServer({ limits: { atLeastSeconds: 0 } })
    const answer = await post(`${url}/apis/auth/v2/authz/allow`, { input: question }, { "X-Portcullis-At-Least": revision })
    expect([answer.status, await codeOf(answer)]).toEqual([status, code])
  })
})

describe("request ids", () => {
  it.each([
    ["abc-123", "abc-123"],
    ["x".repeat(200), "x".repeat(128)],
    ["caf\u00e9", "fresh"],
  ])("answers %s with %s", async (sent, got) => {
    const { port } = await testServer({ hooks: { newRequestId: () => "fresh" } })
    for (const path of ["/apis/auth/v2/authz/nothing", "/health", "/nowhere"])
      expect((await send(port, path, { "X-Request-ID": sent })).headers["x-request-id"]).toBe(got)
  })
})

describe("the border", () => {
  it.each([
    ["127.0.0.1", 200],
    ["127.0.0.1:8181", 200],
    ["LOCALHOST:1", 200],
    ["[::1]:8181", 200],
    ["127.9.9.9", 200],
    ["pdp.internal", 200],
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example", 421],
    ["localhost:80:80", 421],
    ["127.0.0.256", 421],
  ])("answers Host %s with %i", async (host, status) => {
    const { port } = await testServer({ allowedHosts: ["pdp.internal"] })
    expect((await send(port, "/health", { Host: host })).status).toBe(status)
  })

  it.each([
    [{ Origin: "https://evil.example" }, 403],
    [{ Origin: "null" }, 403],
    [{ Origin: "https://console.example" }, 200],
    [{ "Sec-Fetch-Site": "cross-site" }, 403],
    [{ "Sec-Fetch-Site": "none" }, 200],
  ])("answers %j with %i, and never with CORS headers", async (headers: Record<string, string>, status) => {
    const { port } = await testServer({ allowedOrigins: ["https://console.example"] })
    const answer = await send(port, "/apis/auth/v2/authz/allow", headers, "POST", JSON.stringify({ input: question }))
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([])
  })

  it.each(["Forwarded", "X-Forwarded-For", "x-forwarded-anything", "Via"])("does not believe a request with %s", async (name) => {
    const { port } = await testServer()
    const headers = { [name]: "for=1.2.3.4" }
    const ours = await send(port, "/apis/auth/v2/authz/allow", headers, "POST", JSON.stringify({ input: question }))
    expect([ours.status, JSON.parse(ours.text).code]).toEqual([403, "forwarded_not_trusted"])
    expect((await send(port, "/v1/data/authz/allow", headers)).status).toBe(403)
    const fetched = await send(port, "/bundles/authz.tar.gz", { ...headers, "X-NMP-Principal-Id": "service:opa" })
    expect([fetched.status, JSON.parse(fetched.text).code]).toEqual([401, "principal_header_rejected"])
    expect((await send(port, "/health/live", headers)).status).toBe(200)
  })

  it("refuses an absolute target, two hosts, and an empty or missing one", async () => {
    const { port } = await testServer()
    expect(await raw(port, "GET /health HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n")).toContain("HTTP/1.1 421")
    expect(await raw(port, "GET /health HTTP/1.0\r\n\r\n")).toContain("HTTP/1.1 421")
    expect(await raw(port, "GET /health HTTP/1.1\r\n\r\n")).toContain("HTTP/1.1 400")
    expect(await raw(port, "GET http://evil/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).toContain("HTTP/1.1 400")
    expect(await raw(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n")).toContain("HTTP/1.1 400")
  })

  it.each(["0.0.0.0", "::", "192.168.1.1", "example.com"])("does not listen on %s without TLS, its own or a proxy's", async (host) => {
    await expect(startServer({ pdp: fakePdp(), listen: { host, port: 0 } })).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
      message: expect.stringMatching(/server\.tls.*server\.insecure_behind_proxy/),
    })
  })

  it("needs a PDP and an address only; the rest has defaults", async () => {
    const pdp = fakePdp()
    const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 } })
    const { version } = JSON.parse(readFileSync("package.json", "utf8"))
    expect(await (await fetch(`${server.url}/status`)).json()).toMatchObject({ version, profile: "hardened", ready: true })
    const fetched = await fetch(`${server.url}/bundles/authz.tar.gz`, { headers: { "X-NMP-Principal-Id": "service:opa" } })
    expect(fetched.headers.get("cache-control")).toBe("private, max-age=5, must-revalidate")
    expect((await fetch(`${server.url}/status`, { headers: { Origin: "https://example.com" } })).status).toBe(403)
    await server.close(0)
  })

  it("takes the rules for callers from the profile of the PDP", async () => {
    const pdp = await createPdp({ profile: "nemo" })
    const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 } })
    expect((await post(`${server.url}/v1/data/authz/allow`, { input: {} })).status).toBe(401)
    await server.close(0)
    await pdp.close()
  })

  it.each([
    [{ allowedHost: ["a"] }, "startServer: there is no option 'allowedHost'; did you mean 'allowedHosts'?"],
    [{ limits: { bodyBytes: 5 } }, "startServer: the option 'limits.bodyBytes' is wrong"],
    [{ limits: { bodybytes: 5_000 } }, "startServer: the option 'limits' has no member 'bodybytes'"],
    [{ listen: "127.0.0.1:80" }, "startServer: the option 'listen' is wrong"],
    [{ profile: "soft" }, "startServer: the option 'profile' is wrong"],
  ])("refuses the options %j", async (options, message) => {
    const all: object = { pdp: fakePdp(), listen: { host: "127.0.0.1", port: 0 }, ...options }
    await expect(Reflect.apply(startServer, undefined, [all])).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
      message: expect.stringContaining(message),
    })
  })

  it("says so when the port is taken", async () => {
    const { port } = await testServer()
    await expect(testServer({ listen: { host: "127.0.0.1", port } })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})

describe("health, status and metrics", () => {
  it("follows the PDP", async () => {
    const { url, pdp } = await testServer()
    const get = async (path: string) => {
      const answer = await fetch(url + path)
      return [answer.status, await answer.json()]
    }
    expect(await get("/health")).toEqual([200, {}])
    expect(await get("/health?bundles&plugins")).toEqual([200, {}])
    expect(await get("/health/ready")).toEqual([200, { ready: true }])
    pdp.ready = false
    expect(await get("/health")).toEqual([200, {}])
    expect(await get("/health?bundles=true")).toEqual([500, { error: "one or more bundles are not activated" }])
    expect(await get("/health?plugins")).toEqual([500, { error: "one or more plugins are not up" }])
    expect(await get("/health/ready")).toEqual([503, { ready: false }])
    expect(await get("/health/live")).toEqual([200, { live: true }])
  })

  it("shows the status", async () => {
    const { url } = await testServer({ version: "9.8.7" })
    const answer = await fetch(`${url}/status`)
    expect(await answer.json()).toMatchObject({ version: "9.8.7", ready: true, revision: "00000001.1" })
    expect(answer.headers.get("x-portcullis-revision")).toBe("00000001.1")
  })

  it("counts decisions, durations and errors", async () => {
    const { url } = await testServer()
    await post(`${url}/apis/auth/v2/authz/allow`, { input: question })
    await post(`${url}/v1/data/authz/allow`, { input: {} })
    await post(`${url}/apis/auth/v2/authz/allow`, "{")
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toContain('portcullis_decisions_total{entrypoint="allow",result="allow"} 1')
    expect(text).toContain('portcullis_decisions_total{entrypoint="allow",result="deny"} 1')
    expect(text).toContain('portcullis_errors_total{code="input_invalid"} 1')
    expect(text).toContain('portcullis_http_request_duration_seconds_count{handler="/apis/auth/v2/authz/allow",method="POST",code="200"} 1')
    expect(text).toContain("portcullis_revision_sequence 1")
    expect(text).toContain('portcullis_data_age_seconds{source="memory"} 1.5')
    expect(text).toContain("nodejs_eventloop_lag_seconds")
  })

  it.each(["Forwarded", "X-Forwarded-For", "Via"])("are for callers on this machine, but for health and openapi.json: not with %s", async (name) => {
    const { url, healthUrl, pdp } = await testServer({ healthListen: { host: "127.0.0.1", port: 0 } })
    const forwarded = { headers: { [name]: "1.2.3.4" } }
    const told = { sources: [{ name: "file", ageSeconds: 0, failing: { since: "", code: "", message: "line 3: secret" } }] }
    pdp.status = () => Object.assign(fakePdp().status(), told)
    for (const target of [`${url}/status`, `${url}/metrics`, `${healthUrl}/metrics`]) {
      const answer = await fetch(target, forwarded)
      expect([answer.status, answer.headers.get("x-request-id")]).toEqual([403, expect.any(String)])
      expect(await answer.json()).toMatchObject({ code: "forwarded_not_trusted", detail: expect.not.stringContaining("secret") })
    }
    for (const target of [`${url}/health`, `${url}/health/live`, `${healthUrl}/health/ready`, `${url}/openapi.json`])
      expect((await fetch(target, forwarded)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('portcullis_errors_total{code="forwarded_not_trusted"} 3')
    expect(await (await fetch(`${url}/status`)).text()).toContain("secret")
  })

  it("counts what is no request, and answers every expectation it does not know in our shape", async () => {
    const { url, port } = await testServer({ limits: { requestSeconds: 0.2 } })
    await raw(port, "NONSENSE\r\n\r\n")
    await raw(port, "GET /hea")
    await raw(port, `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(40_000)}\r\n\r\n`)
    await raw(port, "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    const unmet = await raw(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-ID: mine\r\nExpect: magic\r\n\r\n")
    expect(unmet).toMatch(/^HTTP\/1\.1 417 [^]*\r\nX-Request-ID: mine\r\n[^]*\{"detail":".*","code":"expectation_failed"\}$/)
    const text = await (await fetch(`${url}/metrics`)).text()
    for (const [method, status] of [
      ["other", 400],
      ["other", 408],
      ["other", 431],
      ["other", 405],
      ["GET", 417],
    ] as const)
      expect(text).toContain(`_count{handler="other",method="${method}",code="${status}"} 1`)
    for (const code of ["input_invalid", "request_timeout", "headers_too_large", "method_not_allowed", "expectation_failed"])
      expect(text).toContain(`portcullis_errors_total{code="${code}"} 1`)
  })

  it("serves health and metrics only on the second listener", async () => {
    const { healthUrl } = await testServer({ healthListen: { host: "127.0.0.1", port: 0 } })
    expect((await fetch(`${healthUrl}/health/ready`)).status).toBe(200)
    expect((await fetch(`${healthUrl}/metrics`)).status).toBe(200)
    for (const path of ["/status", "/bundles/authz.tar.gz", "/v1/data/authz/allow", "/openapi.json"])
      expect((await fetch(healthUrl + path)).status).toBe(404)
    expect((await post(`${healthUrl}/apis/auth/v2/authz/allow`, { input: question })).status).toBe(404)
  })

  it("describes every route", async () => {
    const { url } = await testServer()
    const document = OpenApi.parse(await (await fetch(`${url}/openapi.json`)).json())
    expect(document.openapi).toBe("3.1.0")
    for (const path of Object.keys(document.paths)) {
      const [method = ""] = Object.keys(document.paths[path] ?? {})
      const sent = { method: method.toUpperCase(), headers: { "X-NMP-Principal-Id": "service:opa" }, ...(method === "post" && { body: "{" }) }
      const answer = await fetch(url + path.replace("{path}", "allow").replace("{name}", "authz.tar.gz"), sent)
      const isOfGateways = /^\/(?:gateway|apis\/auth\/ext-authz)\//.test(path)
      expect([path, answer.status]).toEqual([path, isOfGateways ? 403 : method === "post" ? 400 : 200])
    }
    expect(document.paths["/apis/auth/v2/authz/has_role"]?.post).toMatchObject({
      requestBody: { content: { "application/json": { schema: { properties: { input: { required: ["workspace", "role"] } } } } } },
    })
  })
})

describe("routes that are not there", () => {
  it.each([
    ["GET", "/", 404, "not_found"],
    ["GET", "/apis/auth/v2", 404, "not_found"],
    ["GET", "/apis/auth/v2/authz/allow", 405, "method_not_allowed"],
    ["PUT", "/health", 405, "method_not_allowed"],
    ["DELETE", "/bundles/authz.tar.gz", 405, "method_not_allowed"],
    ["OPTIONS", "/apis/auth/v2/authz/allow", 405, "method_not_allowed"],
    ["PROPFIND", "/nowhere", 404, "not_found"],
  ])("answers %s %s with %i %s", async (method, path, status, code) => {
    const { url } = await testServer()
    const answer = await fetch(url + path, { method })
    expect([answer.status, await codeOf(answer)]).toEqual([status, code])
    expect(answer.headers.get("allow") !== null).toBe(status === 405)
  })
})

describe("stopping", () => {
  it("finishes what is in work, refuses what is new, and closes idle connections", async () => {
    const server = await testServer()
    const waiting = post(`${server.url}/apis/auth/v2/authz/allow`, { input: question }, { "X-Portcullis-At-Least": "00000001.7" })
    await expect.poll(() => server.pdp.waiters()).toBe(1)
    await fetch(`${server.url}/health`)
    const closed = server.close()
    await expect(fetch(`${server.url}/health`)).rejects.toThrow()
    server.pdp.advance(7)
    const answer = await waiting
    expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"])
    await closed
  })

  it("cuts off what does not end within the grace", async () => {
    const server = await testServer()
    const waiting = post(`${server.url}/apis/auth/v2/authz/allow`, { input: question }, { "X-Portcullis-At-Least": "00000001.7" })
    const failed = expect(waiting).rejects.toThrow()
    await expect.poll(() => server.pdp.waiters()).toBe(1)
    await server.close(10)
    await failed
  })
})
