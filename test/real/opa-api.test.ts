import { request } from "node:http"
import { gunzipSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type OpaOptions } from "../../src/server/index.js"
import { todoOpa, todoPdp } from "../fixtures/opa-api.js"

interface Asked {
  readonly method?: string
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly encoding: string
  readonly text: string
}

/** The same policy and data: Rego in OPA, compiled here. */
async function pair(options: OpaOptions, ...opaArgs: readonly string[]) {
  const pdp = await todoPdp()
  const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, opa: options })
  const opa = await todoOpa(...opaArgs)
  return {
    ours: server.url,
    opa: opa.url,
    async stop() {
      await opa.stop()
      await server.close(0)
      await pdp.close()
    },
  }
}

function ask(url: string, { method = "POST", path, body = "", headers = {} }: Asked): Promise<Answer> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const length = body.length > 0 ? { "Content-Length": String(Buffer.byteLength(body)) } : {}
    const sent = request({ host: "127.0.0.1", port, method, path, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        const encoding = response.headers["content-encoding"] ?? ""
        const bytes = Buffer.concat(chunks)
        const text = (encoding === "gzip" ? gunzipSync(bytes) : bytes).toString()
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", encoding, text })
      })
    })
    sent.on("error", reject)
    sent.end(body)
  })
}

/** What clients rely on: status, kind and content; of errors the codes and places, and not the texts. Ids and times aside. */
function contract({ status, type, encoding, text }: Answer): unknown {
  if (!type.startsWith("application/json") || text === "") return { status, type, encoding, text }
  const body: unknown = JSON.parse(text, (name, value: unknown) =>
    name === "message" ? typeof value : name.startsWith("timer_") ? typeof value : value,
  )
  return { status, type, encoding, body }
}

const shown = ({ method = "POST", path, body = "", headers }: Asked): string =>
  `${method} ${path.slice(0, 100)} ${body.toString().slice(0, 60)} ${headers ? JSON.stringify(headers) : ""}`

const json = (value: unknown): string => JSON.stringify(value)
const yaml = { "Content-Type": "application/yaml" }
const admin = json({ input: { role: "admin" } })
const get = (path: string): Asked => ({ method: "GET", path })
const put = (path: string, body: string, headers: Readonly<Record<string, string>> = {}): Asked => ({ method: "PUT", path, body, headers })
const patch = (path: string, operations: unknown): Asked => ({ method: "PATCH", path, body: json(operations) })
const remove = (path: string): Asked => ({ method: "DELETE", path })

describe("OPA's API on a compiled policy, and OPA with its Rego", () => {
  let servers: Awaited<ReturnType<typeof pair>>
  beforeAll(async () => (servers = await pair({})))
  afterAll(() => servers.stop())

  const reads: readonly Asked[] = [
    ...["allow", "reasons", "decision", "maybe", "conflict"].flatMap((rule) => [
      { path: `/v1/data/todo/${rule}`, body: admin },
      { path: `/v1/data/todo/${rule}`, body: json({ input: { who: "ann", action: "read", x: [1, { y: null }], c: true } }) },
      { path: `/v1/data/todo/${rule}` },
      get(`/v1/data/todo/${rule}`),
      get(`/v1/data/todo/${rule}?input=${encodeURIComponent(json({ role: "admin", x: 5 }))}`),
      { path: `/v0/data/todo/${rule}`, body: json({ who: "ann", action: "write", x: "s" }) },
      { path: `/v0/data/todo/${rule}` },
    ]),
    { path: "/v1/data/todo/decision/allowed", body: admin },
    { path: "/v1/data/todo/maybe/y/0", body: json({ input: { x: { y: [7] } } }) },
    { path: "/v0/data/todo/decision/allowed", body: json({ role: "admin" }) },
    ...[
      "/limits",
      "/limits/list",
      "/limits/list/1",
      "/limits/list/9",
      "/limits/nothing",
      "/grants/ann/read",
      "/grants/zoe",
      "/none",
      "/system/health/live",
    ].flatMap((path) => [get(`/v1/data${path}`), { path: `/v0/data${path}` }]),
    ...["5", '"x"', "[]", "null", "false", "{", "nul"].flatMap((body) => [
      { path: "/v0/data/todo/maybe", body },
      { path: "/", body },
    ]),
    { path: "/", body: json({ role: "admin" }) },
    { path: "/" },
    { path: "/?pretty", body: "{}" },
    { path: "/v0/data/todo/decision?pretty", body: "{}" },
    { path: "/v1/data/todo/allow", body: "input: {role: admin}\n", headers: yaml },
    { path: "/v1/data/todo/allow", body: "input:\n  role: admin\n", headers: { "Content-Type": "application/x-yaml; charset=utf-8" } },
    { path: "/v1/data/todo/maybe", body: "input: {x: [yes, 1.5, ~, 2026-01-01, 07, 1:30, text]}\n", headers: yaml },
    { path: "/v1/data/todo/allow", body: "input: {role: admin", headers: yaml },
    { path: "/v0/data/todo/allow", body: "role: admin", headers: yaml },
    { path: "/", body: "role: admin", headers: yaml },
    { path: "/v1/data/todo/many", body: json({ input: { many: 200 } }), headers: { "Accept-Encoding": "gzip" } },
    { path: "/v1/data/todo/many", body: json({ input: { many: 200 } }) },
    { path: "/v1/data/todo/many", body: json({ input: { many: 2 } }), headers: { "Accept-Encoding": "gzip" } },
    { path: "/v1/data/todo/allow", body: gzipSync(admin), headers: { "Content-Encoding": "gzip" } },
    { path: "/v1/data/todo/decoded?strict-builtin-errors=false", body: json({ input: { hex: "zz" } }) },
    { path: "/v1/data/todo/decoded", body: json({ input: { hex: "6869" } }) },
    ...["GET", "PUT", "DELETE"].map((method) => ({ method, path: "/v0/data/todo/allow" })),
    ...["POST", "PUT", "DELETE", "PATCH"].map((method) => ({ method, path: "/v1/policies" })),
    ...["POST", "PATCH"].map((method) => ({ method, path: "/v1/policies/x" })),
    ...["PUT", "DELETE"].map((method) => ({ method, path: "/v1/query" })),
    ...["POST", "PUT", "DELETE"].flatMap((method) => ["/v1/config", "/v1/status"].map((path) => ({ method, path }))),
    get("/v1/policies/none"),
    ...["/v1", "/v1/nothing", "/v0", "/v0/nothing", "/v1/configs", "/v1/dat"].map(get),
    ...["live", "ready", "broken", "none", "a/b"].map((rule) => get(`/health/${rule}`)),
    ...["", "?bundles", "?plugins", "?plugins&exclude-plugin=bundle"].map((query) => get(`/health${query}`)),
  ]

  it.each(reads.map((asked) => [shown(asked), asked] as const))("answer the same to %s", async (_, asked) => {
    const [ours, opa] = await Promise.all([ask(servers.ours, asked), ask(servers.opa, asked)])
    expect(contract(ours)).toEqual(contract(opa))
  })

  it("give provenance and metrics in OPA's shape, as far as there is something to tell", async () => {
    const asked = { path: "/v1/data/todo/allow?provenance&metrics", body: admin }
    const [ours, opa] = (await Promise.all([ask(servers.ours, asked), ask(servers.opa, asked)])).map(({ text }) => JSON.parse(text))
    expect(Object.keys(ours)).toEqual(Object.keys(opa))
    expect(Object.keys(ours.provenance)).toEqual([...Object.keys(opa.provenance), "bundles"])
    expect(Object.keys(opa.metrics)).toEqual(expect.arrayContaining(Object.keys(ours.metrics)))
  })

  it("tell which builtin failed, when that is asked for", async () => {
    const asked = { path: "/v1/data/todo/decoded?strict-builtin-errors", body: json({ input: { hex: "zz" } }) }
    const failed = { code: "internal_error", errors: [{ code: "eval_builtin_error", message: expect.stringMatching(/^hex.decode: /) }] }
    for (const url of [servers.ours, servers.opa]) {
      const { status, text } = await ask(url, asked)
      expect([status, JSON.parse(text)]).toMatchObject([500, failed])
    }
  })

  it("name the default decision and the version in /v1/config", async () => {
    for (const url of [servers.ours, servers.opa]) {
      const { result } = JSON.parse((await ask(url, get("/v1/config"))).text)
      expect(result).toEqual({
        default_decision: "/system/main",
        default_authorization_decision: "/system/authz/allow",
        labels: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), version: expect.any(String) },
      })
    }
  })
})

describe("writes of data, here and in OPA", () => {
  let servers: Awaited<ReturnType<typeof pair>>
  beforeAll(async () => (servers = await pair({ dataWrites: true })))
  afterAll(() => servers.stop())

  const limits = '{"list":[1,2,3],"name":"x"}'
  const writes: readonly Asked[] = [
    put("/v1/data/new/a", '{"x":1}'),
    put("/v1/data/new/a/x/deep", "1"),
    put("/v1/data/limits/name/y", "1"),
    put("/v1/data/limits/list/1", "9"),
    put("/v1/data/limits/list/7", "9"),
    put("/v1/data/limits/list/-", "9"),
    put("/v1/data/limits/list/x", "9"),
    put("/v1/data/limits/list/1/z", "9"),
    put("/v1/data/new/a", '{"x":2}', { "If-None-Match": "*" }),
    put("/v1/data/new/b", '{"x":2}', { "If-None-Match": "*" }),
    put("/v1/data/new/b", '{"x":3}', { "If-None-Match": '"x"' }),
    put("/v1/data/new/__proto__/x", "true"),
    put("/v1/data/new/c", "{"),
    put("/v1/data/new/c", ""),
    put("/v1/data/a%2Fb", "1"),
    put("/v1/data/num/1", "1"),
    put("/v1/data/yaml", "read: true", yaml),
    put("/v1/data/yaml/metrics?metrics", "1"),
    put("/v1/data/todo/allow", "true"),
    put("/v1/data/todo/allow/deeper", "1"),
    put("/v1/data/todo", "true"),
    put("/v1/data/todo", '{"allow":1}'),
    put("/v1/data", "true"),
    put("/v1/data", "[]"),
    remove("/v1/data/new/nope"),
    remove("/v1/data/new/a/x/q"),
    remove("/v1/data/new/a"),
    remove("/v1/data/limits/list/0"),
    remove("/v1/data/limits/list/9"),
    remove("/v1/data/limits/list/x"),
    remove("/v1/data"),
    put("/v1/data/limits", limits),
    patch("/v1/data/nothing", [{ op: "add", path: "/q", value: 1 }]),
    patch("/v1/data/limits", [
      { op: "add", path: "/list/-", value: 4 },
      { op: "replace", path: "name", value: "y" },
      { op: "remove", path: "/list/0" },
    ]),
    patch("/v1/data/limits", [{ op: "add", path: "list/1", value: "in" }]),
    patch("/v1/data/limits", [{ op: "replace", path: "/list/1", value: "out" }]),
    patch("/v1/data/limits", [{ op: "move", path: "/x", from: "/y" }]),
    patch("/v1/data/limits", [{ op: "test", path: "/name", value: "y" }]),
    patch("/v1/data/limits", [{ op: "replace", path: "/x", value: 1 }]),
    patch("/v1/data/limits", [{ op: "remove", path: "/x" }]),
    patch("/v1/data/limits", [{ op: "add", path: "/x/y/z", value: 1 }]),
    patch("/v1/data/limits", [{ op: "add", path: "/name/y", value: 1 }]),
    patch("/v1/data/limits", [{ op: "add", path: "/list/9", value: 1 }]),
    patch("/v1/data/limits", [{ op: "remove", path: "/list/-" }]),
    patch("/v1/data/limits", [
      { op: "add", path: "/ok", value: 1 },
      { op: "remove", path: "/none" },
    ]),
    patch("/v1/data/limits", { op: "add" }),
    patch("/v1/data/limits", [5]),
    patch("/v1/data/limits", []),
    patch("/v1/data", [{ op: "add", path: "/a~1c", value: 1 }]),
    patch("/v1/data", [{ op: "remove", path: "/" }]),
    patch("/v1/data/limits", [{ op: "add", path: "", value: { only: 1 } }]),
    patch("/v1/data/limits", [{ op: "add", path: "/", value: { only: 2 } }]),
    patch("/v1/data/grants", [{ op: "add", path: "/zoe", value: { read: true } }]),
    { method: "PATCH", path: "/v1/data/limits", body: "{" },
    { method: "PATCH", path: "/v1/data/limits" },
    patch("/v1/data/limits", [{ op: "remove", path: "" }]),
    put("/v1/data", '{"grants":{"tim":{"read":true}}}'),
  ]

  it("have the same answers, and the same data afterwards, one after the other", async () => {
    for (const asked of writes) {
      const step = shown(asked)
      expect([step, contract(await ask(servers.ours, asked))]).toEqual([step, contract(await ask(servers.opa, asked))])
      for (const place of ["new", "limits", "grants", "num", "yaml", "a%2Fb", "a%2Fc"]) {
        const read = get(`/v1/data/${place}`)
        expect([step, place, contract(await ask(servers.ours, read))]).toEqual([step, place, contract(await ask(servers.opa, read))])
      }
      const question = { path: "/v1/data/todo/allow", body: json({ input: { who: "zoe", action: "read" } }) }
      expect([step, contract(await ask(servers.ours, question))]).toEqual([step, contract(await ask(servers.opa, question))])
    }
  })
})

describe("authorization of the API by the policy, here and in OPA", () => {
  let servers: Awaited<ReturnType<typeof pair>>
  beforeAll(async () => (servers = await pair({ authorization: true }, "--authentication=token", "--authorization=basic")))
  afterAll(() => servers.stop())

  const as = (identity: string, asked: Asked): Asked => ({ ...asked, headers: { ...asked.headers, Authorization: `Bearer ${identity}` } })
  const question: Asked = { path: "/v1/data/todo/allow", body: admin }
  const requests: readonly Asked[] = [
    ...["good", "bad", "none", "reader", "zoe"].flatMap((identity) =>
      [
        question,
        get("/v1/data/todo/allow"),
        get("/health"),
        get("/v1/policies/none"),
        { path: "/", body: "{}" },
        { path: "/v0/data/todo/allow", body: "{}" },
      ].map((asked) => as(identity, asked)),
    ),
    as("asker", { ...question, path: "/v1/data/todo/allow?for=me", headers: { "x-asker": ["1", "2"] } }),
    as("asker", { ...question, path: "/v1/data/todo/allow?for=me", headers: { "x-asker": ["1"] } }),
    as("asker", { ...question, path: "/v1/data/todo/allow?for=me&for=you", headers: { "x-asker": ["1", "2"] } }),
    ...["//todo/allow", "/todo//allow", "/todo/allow/", "/"].flatMap((rest) =>
      ["/v1/data", "/v0/data", "/v1/batch/data"].map((prefix) => as("good", { ...question, path: prefix + rest })),
    ),
    ...["PUT", "PATCH", "DELETE"].map((method) => as("good", { method, path: "/v1/data//todo/x", body: "[]" })),
    as("good", { path: "/v1/data/todo/allow", body: "{" }),
    as("good", { path: "/v1/data/todo/allow" }),
    question,
    get("/v1/nothing"),
    get("/health"),
  ]

  it.each(requests.map((asked) => [shown(asked), asked] as const))("decides the same on %s", async (_, asked) => {
    const [ours, opa] = await Promise.all([ask(servers.ours, asked), ask(servers.opa, asked)])
    expect(contract(ours)).toEqual(contract(opa))
  })
})
