import { readFile } from "node:fs/promises"
import { request } from "node:http"
import { gunzipSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPdp, memorySource, type RoleBinding } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { opaServer } from "../fixtures/opa-server.js"

const groups = Array.from({ length: 60 }, (_, at) => `g${at}`)
const bindings: readonly RoleBinding[] = [
  { principal: "ann@example.com", workspace: "ml-team", role: "Viewer" },
  { principal: 'odd "name" ✓', workspace: "ml-team", role: "Editor" },
  ...groups.map((group) => ({ principal: `group:${group}`, workspace: "research", role: "Viewer" })),
]
const models = "/apis/models/v2/workspaces/ml-team/models"
const ann = { principal_id: "ann@example.com", method: "GET", path: models, scopes: ["platform:read"] }
const inputs = {
  allow: ann,
  explain: ann,
  has_permissions: { principal_id: "ann@example.com", workspace: "ml-team", permissions: ["models.read"] },
  has_role: { principal_id: "ann@example.com", workspace: "ml-team", role: "Viewer" },
  allowed: ann,
  allow_many: { requests: [ann, { ...ann, method: "POST" }, { ...ann, principal_id: "zoe@example.com" }, {}] },
}
const entrypoints = Object.entries(inputs)
const question = JSON.stringify({ input: ann })

interface Asked {
  readonly method?: string
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly encoding: string
  readonly text: string
}

const stops: (() => Promise<void>)[] = []
let ours = ""
let opa = ""
beforeAll(async () => {
  const pdp = await createPdp({ authorizationData: "examples/quickstart/authorization.yaml", source: memorySource(bindings) })
  stops.push(() => pdp.close())
  const server = await startServer({
    pdp,
    listen: { host: "127.0.0.1", port: 0 },
    bundleCacheSeconds: 1,
  })
  stops.push(() => server.close(0))
  const beside = await opaServer(server.url)
  stops.push(() => beside.stop())
  ours = server.url
  opa = beside.url
})
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

function ask(url: string, { method = "POST", path, body = "", headers = {} }: Asked): Promise<Answer> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const length = { "Content-Length": String(Buffer.byteLength(body)) }
    const sent = request(
      { host: "127.0.0.1", port, method, path, headers: { ...(body.length > 0 && length), ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () => {
          const encoding = response.headers["content-encoding"] ?? ""
          const bytes = Buffer.concat(chunks)
          const text = (encoding === "gzip" ? gunzipSync(bytes) : bytes).toString()
          resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", encoding, text })
        })
      },
    )
    sent.on("error", reject)
    sent.end(body)
  })
}

/** OPA may close a connection whose body it refuses before its answer is read; then it is asked again, up to three times. */
async function askOpa(asked: Asked, tries = 3): Promise<Answer> {
  try {
    return await ask(opa, asked)
  } catch (thrown) {
    const isReset = thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE")
    if (!isReset || tries === 1) throw thrown
    return askOpa(asked, tries - 1)
  }
}

/** What clients rely on: status, kind and content; of errors the code, and not the text. */
function contract({ status, type, encoding, text }: Answer): unknown {
  if (!type.startsWith("application/json")) return { status, type, encoding, body: text }
  const body: unknown = text === "" ? "" : JSON.parse(text)
  const isError = typeof body === "object" && body !== null && "message" in body
  return { status, type, encoding, body: isError ? { ...body, message: typeof body.message } : body }
}

async function both(asked: Asked): Promise<{ readonly opa: unknown; readonly ours: unknown }> {
  const [there, here] = await Promise.all([askOpa(asked), ask(ours, asked)])
  return { opa: contract(there), ours: contract(here) }
}

const shown = ({ method = "POST", path, body = "", headers }: Asked): string =>
  `${method} ${path.slice(0, 100)} ${body.toString().slice(0, 60)} ${headers ? JSON.stringify(headers) : ""}`

describe("our sidecar and an OPA that runs its bundle", () => {
  const bodies = ["", " ", "\n", "{}", "null", '{"input":null}', '{"input":{}}', '{"other":1}', '{"input":5}', '{"input":0}', '{"input":""}']
  const broken = ["{", "nul", "[]", "5", '"x"', "true", "false", '{"input":{},}', '{"input":{"a":}}', "\ufeff{}", "{'input':{}}", '{"input":NaN}']
  const more = ['{"input":[]}', '{"input":"x"}', '{"input":false}', '{"input":{"x":null}}', '{"input":{"__proto__":{"a":1},"constructor":1}}']
  const queries = [
    "?pretty",
    "?pretty=true",
    "?pretty=TRUE",
    "?pretty=false",
    "?pretty=1",
    "?pretty=",
    "?pretty=x&pretty=true",
    "?strict-builtin-errors",
    "?x=1",
  ]
  const places = ["/allow/allowed", "/allow/headers", "/allow/headers/X-NMP-Authorized", "/allow/%61llowed", "/explain/reasons", "/explain/reasons/0"]
  const inside = [
    "/explain/rule",
    "/explain/roles/ann@example.com/0",
    "/explain/roles/ann%40example.com",
    "/explain/required_scopes/1",
    "/explain/required_scopes/9",
  ]
  const undefinedPaths = ["/v1/data/nothing", "/v1/data/nothing/x", "/v1/data/authz/nothing", "/v1/data/system/main", "/v1/data/authz_data/nothing"]

  const same: readonly Asked[] = [
    ...entrypoints.flatMap(([name, input]) => [
      { path: `/v1/data/authz/${name}`, body: JSON.stringify({ input }) },
      { path: `/v1/data/authz/${name}`, body: JSON.stringify({ input: { ...input, principal_id: "zoe@example.com" } }) },
      { path: `/v1/data/authz/${name}`, body: JSON.stringify({ input: { ...input, principal_id: 'odd "name" ✓' }, other: 1 }) },
      { path: `/v1/data/authz/${name}`, body: JSON.stringify({ input: { ...input, bindings: { "ml-team": { "": ["Admin"] } } } }) },
      { method: "GET", path: `/v1/data/authz/${name}?input=${encodeURIComponent(JSON.stringify(input))}` },
      { method: "GET", path: `/v1/data/authz/${name}` },
      ...[...bodies, ...broken, ...more].map((body) => ({ path: `/v1/data/authz/${name}`, body })),
      ...queries.map((query) => ({ path: `/v1/data/authz/${name}${query}`, body: JSON.stringify({ input }) })),
    ]),
    ...[
      { requests: [] },
      {
        requests: Array.from({ length: 120 }, (_, index) => ({
          ...ann,
          principal_id: index % 3 === 0 ? "ann@example.com" : `p${index}@example.com`,
        })),
      },
      { requests: [{ ...ann, bindings: { "ml-team": { "": ["Admin"] } } }], bindings: { "ml-team": { "*": ["Admin"] } } },
      {
        requests: [
          { principal_id: "service:indexer", method: "DELETE", path: models },
          { ...ann, principal_groups: ["g1"] },
        ],
      },
    ].flatMap((input) => ["", "/0", "/7"].map((place) => ({ path: `/v1/data/authz/allow_many${place}`, body: JSON.stringify({ input }) }))),
    ...[...places, ...inside].map((place) => ({ path: `/v1/data/authz${place}`, body: question })),
    ...["", "/reasons", "/reasons/0", "/missing_permissions/0"].map((place) => ({
      path: `/v1/data/authz/explain${place}`,
      body: JSON.stringify({ input: { ...ann, method: "POST" } }),
    })),
    ...undefinedPaths.flatMap((path) => [{ path, body: question }, { path }, { method: "GET", path }]),
    ...["", "{", "null", "5", "{}", "[1]", "{}&input=5"].map((input) => ({
      method: "GET",
      path: `/v1/data/authz/allow?pretty&input=${encodeURIComponent(input)}`,
    })),
    ...["?a;b", "?%zz", "?&&=", "?input"].map((query) => ({ method: "GET", path: `/v1/data/authz/allow${query}` })),
    { path: "/v1/data/authz/allow", body: question, headers: { "Content-Type": "text/plain" } },
    { path: "/v1/data/authz/allow", body: question, headers: { "Content-Type": "application/yaml" } },
    { path: "/v1/data/authz/allow", body: question, headers: { "Content-Encoding": "identity" } },
    { path: "/v1/data/authz/allow", body: gzipSync(question), headers: { "Content-Encoding": "gzip" } },
    { path: "/v1/data/authz/allow", body: gzipSync(question).subarray(0, 20), headers: { "Content-Encoding": "gzip" } },
    { path: "/v1/data/authz/allow", headers: { "Content-Encoding": "gzip" } },
    { path: "/v1/data/authz/allow", body: question, headers: { "Accept-Encoding": "gzip" } },
    {
      path: "/v1/data/authz/explain",
      body: JSON.stringify({ input: { ...ann, path: models.replace("ml-team", "research"), principal_groups: groups } }),
      headers: { "Accept-Encoding": "gzip" },
    },
    ...entrypoints.flatMap(([name, input]) => [
      { path: `/v0/data/authz/${name}`, body: JSON.stringify(input) },
      { path: `/v0/data/authz/${name}?pretty` },
      { path: `/v1/data/authz/${name}`, body: `input: ${JSON.stringify(input)}\n`, headers: { "Content-Type": "application/yaml" } },
    ]),
    { path: "/v1/data/authz/allow", body: "input: {}\n", headers: { "Content-Type": "application/yaml" } },
    { path: "/v0/data/authz/allow/allowed", body: JSON.stringify(ann) },
    { path: "/v0/data/nothing", body: "{}" },
    { path: "/v0/data/authz/allow", body: "{" },
    ...["OPTIONS", "TRACE", "PROPFIND", "REPORT"].flatMap((method) => ["/v1/data", "/v1/data/authz/allow"].map((path) => ({ method, path }))),
    { method: "DELETE", path: "/v1/data" },
    { method: "PUT", path: "/v1/data/authz/allow", body: "{}" },
    { method: "PUT", path: "/v1/data", body: "{}" },
    { method: "PATCH", path: "/v1/data/authz_data", body: '[{"op":"add","path":"/x","value":1}]' },
    { method: "DELETE", path: "/v1/data/authz_bindings" },
    ...["GET", "POST", "PUT", "OPTIONS"].flatMap((method) => ["/v1", "/v1/nothing", "/v1/datax", "/v0"].map((path) => ({ method, path }))),
    ...["", "?bundles", "?bundle=true", "?bundles=false", "?plugins", "?plugins&exclude-plugin=status", "?x"].map((query) => ({
      method: "GET",
      path: `/health${query}`,
    })),
  ]

  it.each(same.map((asked) => [shown(asked), asked] as const))("answer the same to %s", async (_, asked) => {
    const answers = await both(asked)
    expect(answers.ours).toEqual(answers.opa)
  })

  it.each(["", "?pretty", "?pretty=false"])("write the same bytes for a decision, with '%s'", async (query) => {
    for (const [name, input] of [["allow", inputs.allow] as const, ["has_role", inputs.has_role] as const]) {
      const asked = { path: `/v1/data/authz/${name}${query}`, body: JSON.stringify({ input }) }
      expect((await ask(ours, asked)).text).toBe((await ask(opa, asked)).text)
    }
  })

  it("write errors alike: code first, indented", async () => {
    const asked = { path: "/v1/data/authz/allow", body: "{" }
    const start = /^\{\n {2}"code": "invalid_parameter",\n {2}"message": "body contains malformed input document: .*"\n\}\n$/
    expect((await ask(opa, asked)).text).toMatch(start)
    expect((await ask(ours, asked)).text).toMatch(start)
  })
})

describe("a difference from OPA", () => {
  const data = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Asked => ({ path: "/v1/data/authz/allow", body, headers })
  const at = (place: string): Asked => ({ path: `/v1/data/authz${place}`, body: question })
  const get = (path: string): Asked => ({ method: "GET", path })
  const input = (members: string): Asked => data(`{"input":{${members}}}`)
  const patch = '[{"op":"add","path":"/x","value":1}]'

  const differences: Readonly<Record<string, readonly (readonly [ours: number, asked: Asked])[]>> = {
    "`/v1/data`, `/v1/data/authz`, base data": ["/v1/data", "/v1/data/authz", "/v1/data/authz_data/roles", "/v1/data/authz_bindings"].flatMap(
      (path) => [
        [200, get(path)],
        [200, { path, body: question }],
      ],
    ),
    "places that the policy's types rule out, such as `/v1/data/authz/allow/nothing`": [
      ...["/allow/nothing", "/allow/allowed/deeper", "/allow/__proto__", "/allow/0", "/allow/%22", "/allow/a%20b", "/allow/allowed;x"].map(
        (place) => [200, at(place)] as const,
      ),
    ],
    "list indexes with a sign, leading zeros or a fraction": ["+0", "01", "0.0"].map((index) => [200, at(`/explain/required_scopes/${index}`)]),
    "empty segments in a path, a `/` at its end, but below `/v0` and `/v1`": [
      [404, { path: "//v1/data/authz/allow", body: question }],
      [404, get("/health/")],
    ],
    "`.`, `..` in a path, and a fragment or a backslash": [
      [400, at("/allow/..")],
      [400, at("/allow/./allowed")],
      [400, at("/allow/%2e%2e/allow")],
      [400, get("/x/../health")],
      [400, get("/v1/data/authz/allow#x")],
      [400, get("/v1/data/authz/\\allow")],
    ],
    "malformed `%` escapes": [
      [400, at("/allow/%zz")],
      [400, at("/allow/%ff")],
      [400, get("/v1/data/authz/allow?input=%zz")],
    ],
    "writes below `/v1/data`": [
      [400, { method: "PUT", path: "/v1/data/other", body: "{}" }],
      [400, { method: "PATCH", path: "/v1/data/other", body: patch }],
      [400, { method: "PATCH", path: "/v1/data", body: patch }],
      [400, { method: "DELETE", path: "/v1/data/other" }],
    ],
    "`GET /v1/policies`": [
      [200, get("/v1/policies")],
      [200, get("/v1/policies/authz/allow.rego")],
    ],
    "`/v1/query`, `/v1/compile`, writes of `/v1/policies`": [
      [400, { method: "PUT", path: "/v1/policies/x", body: "package x" }],
      [400, { method: "DELETE", path: "/v1/policies/x" }],
      [400, get("/v1/query?q=true")],
      [400, { path: "/v1/query", body: '{"query":"true"}' }],
      [400, { path: "/v1/compile", body: '{"query":"true"}' }],
    ],
    "`POST /` with the product's policy": [[200, { path: "/", body: JSON.stringify(ann) }]],
    "`GET /`": [[404, get("/")]],
    "`/v1/config`, `/v1/status`": [
      [200, get("/v1/config")],
      [200, get("/v1/status")],
    ],
    "`/v1/batch/data`": [
      [200, { path: "/v1/batch/data/authz/allow", body: JSON.stringify({ inputs: { a: ann, b: {} } }) }],
      [400, { path: "/v1/batch/data/authz/allow", body: "{}" }],
      [405, get("/v1/batch/data/authz/allow")],
    ],
    "`/health/live`, `/health/ready`, other `/health/…`": [
      [200, get("/health/live")],
      [200, get("/health/ready")],
      [404, get("/health/other")],
    ],
    "`/metrics`": [[200, get("/metrics")]],
    "404 and 405 outside `/v0` and `/v1`": [
      [404, get("/nothing")],
      [404, { path: "/V1/data/authz/allow", body: question }],
      [405, { path: "/health", body: "{}" }],
      [405, { method: "PUT", path: "/metrics", body: "{}" }],
    ],
    "`HEAD` on data and health": [
      [200, { method: "HEAD", path: "/v1/data/authz/allow" }],
      [200, { method: "HEAD", path: "/health" }],
    ],
    "methods that nobody registered": [
      [400, { method: "FROB", path: "/v1/data/authz/allow" }],
      [400, { method: "FROB", path: "/v1/nothing" }],
    ],
    "duplicate keys in a body": [
      [400, input('"principal_id":"zoe","principal_id":"ann@example.com"')],
      [400, data('{"input":{},"input":{}}')],
      [400, input('"a":1,"\\u0061":2')],
    ],
    "`input` in another case, such as `Input`": [
      [200, data('{"Input":{}}')],
      [200, data('{"INPUT":{}}')],
    ],
    "bytes after the first JSON value of a body": [
      [400, data('{"input":{}} x')],
      [400, data('{"input":{}}{"input":{}}')],
    ],
    "lone surrogates, invalid UTF-8, numbers beyond a double": [
      [400, input('"x":"\\ud800"')],
      [400, input('"\\udc00":1')],
      [400, data(Buffer.from('{"input":{"x":"\xff"}}', "latin1"))],
      [400, input('"x":1e999')],
    ],
    "a member of the input of a wrong JSON type": [
      [400, input('"principal_id":5')],
      [400, input('"principal_groups":"a"')],
      [400, input('"scopes":"a"')],
      [400, input('"path":null')],
      [400, input('"attributes":[]')],
      ...["5", "{}", "[5]", "[null]", '[{"principal_id":5}]'].map(
        (requests) => [400, { path: "/v1/data/authz/allow_many", body: `{"input":{"requests":${requests}}}` }] as const,
      ),
    ],
    "limits of bodies": [
      [400, data(" ".repeat(1_048_576) + question)],
      [400, input(`"x":${"[".repeat(70)}${"]".repeat(70)}`)],
      [400, input(Array.from({ length: 1_001 }, (_, key) => `"k${key}":0`).join())],
      [400, data(JSON.stringify({ input: { ...ann, principal_groups: Array.from({ length: 101 }, (_, group) => `g${group}`) } }))],
      [400, { path: "/v1/data/authz/allow_many", body: JSON.stringify({ input: { requests: Array.from({ length: 1_001 }, () => ({})) } }) }],
    ],
    "bodies in YAML": [
      [400, data(`input: {x: "${"x".repeat(32_768)}"}\n`, { "Content-Type": "application/yaml" })],
      [400, data("input: {a: 1, a: 2}\n", { "Content-Type": "application/yaml" })],
    ],
    "`Content-Encoding`": [
      [400, data(question, { "Content-Encoding": "br" })],
      [200, data(gzipSync(question), { "Content-Encoding": "GZIP" })],
    ],
    "`explain`, `instrument`, `metrics`, `provenance`": ["explain=full", "instrument", "metrics", "provenance"].map((flag) => [
      200,
      at(`/allow?${flag}`),
    ]),
  }

  const cases = Object.entries(differences).flatMap(([row, asked]) => asked.map(([status, one]) => [row, shown(one), status, one] as const))

  it.each(cases)("%s: %s is answered with %i", async (_row, _shown, status, asked) => {
    const answers = await both(asked)
    expect(answers.ours).toMatchObject({ status })
    expect(answers.ours).not.toEqual(answers.opa)
  })

  it("is an answer to what is said to be gzip and is not: OPA 1.20.2 may panic, unless it has read some gzip shortly before", async () => {
    expect(await ask(ours, data(question, { "Content-Encoding": "gzip" }))).toMatchObject({ status: 400 })
  })

  it("stands in docs/compat.md, and nothing else stands there", async () => {
    const page = await readFile("docs/compat.md", "utf8")
    const [, section = ""] = page.split("## From OPA's REST API")
    const rows = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, what = ""]) => what.trim()).filter((what) => !/^(What|-+)$/.test(what))
    expect(rows.toSorted()).toEqual(Object.keys(differences).toSorted())
  })
})
