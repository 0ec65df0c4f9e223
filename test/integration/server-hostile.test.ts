import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { z } from "zod"
import { createPdp, memorySource, type Pdp } from "../../src/index.js"
import type { ServerLimits } from "../../src/server/index.js"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start } from "../fixtures/sidecar.js"
import { post, raw, testServer } from "../fixtures/test-server.js"

vi.setConfig({ testTimeout: 15_000 })

const bindings = [
  { principal: "ann@example.com", workspace: "ml-team", role: "Viewer" },
  { principal: "__proto__", workspace: "constructor", role: "Viewer" },
]
const models = "/apis/models/v2/workspaces/ml-team/models"
const allowed = { principal_id: "ann@example.com", method: "GET", path: models }
const denied = { ...allowed, principal_id: "zoe@example.com" }
const pdpPath = "/apis/auth/v2/authz"
const dataPath = "/v1/data/authz"
const apis = [
  { api: pdpPath, code: "input_invalid" },
  { api: dataPath, code: "invalid_parameter" },
]
const questions = {
  allow: allowed,
  explain: allowed,
  has_permissions: { principal_id: "ann@example.com", workspace: "ml-team", permissions: ["models.read"] },
  has_role: { principal_id: "ann@example.com", workspace: "ml-team", role: "Viewer" },
}

let pdp: Pdp
beforeAll(async () => {
  pdp = await createPdp({ authorizationData: "examples/quickstart/authorization.yaml", source: memorySource(bindings) })
})
afterAll(() => pdp.close())

const serve = (limits: Partial<ServerLimits> = {}) => testServer({ pdp, limits })

const Answer = z.looseObject({ code: z.string().optional(), result: z.unknown().optional() })

async function answerOf(answer: Response): Promise<{ status: number; code: string | undefined; result: unknown }> {
  const { code, result } = Answer.parse(await answer.json())
  return { status: answer.status, code, result }
}

const isAllowed = (yes: boolean) => ({ status: 200, code: undefined, result: { allowed: yes, headers: { "X-NMP-Authorized": String(yes) } } })

/** The next decisions are right. */
async function expectDecisions(url: string): Promise<void> {
  expect(await answerOf(await post(`${url}${pdpPath}/allow`, { input: allowed }))).toEqual(isAllowed(true))
  expect(await answerOf(await post(`${url}${dataPath}/allow`, { input: denied }))).toEqual(isAllowed(false))
}

/** The final statuses in what came over one connection. */
function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)).filter((status) => status >= 200)
}

/** A connection that ends with the test. */
async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on("error", () => {})
  await once(socket, "connect")
  return socket
}

const question = JSON.stringify({ input: allowed })
const questionLength = `Content-Length: ${question.length}`
const closing = "Host: localhost\r\nConnection: close\r\n"
const asking = (headers: string, body = question): string => `POST ${pdpPath}/allow HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`
const getting = (target: string, headers = ""): string => `GET ${target} HTTP/1.1\r\n${closing}${headers}\r\n`
const lastQuestion = `POST ${pdpPath}/allow HTTP/1.1\r\n${closing}${questionLength}\r\n\r\n${question}`
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

describe("a body that no two parsers read alike", () => {
  const input = (members: string): string => `{"input":{${members}}}`
  it.each([
    ["a cut off object", '{"input":'],
    ["a comma too many", '{"input":{},}'],
    ["a bare word", "nul"],
    ["NaN", input('"x":NaN')],
    ["Infinity", input('"x":-Infinity')],
    ["a hexadecimal number", input('"x":0x10')],
    ["a number with leading zeros", input('"x":007')],
    ["a number beyond a double", input('"x":1e999')],
    ["400 digits", input(`"x":${"9".repeat(400)}`)],
    ["single quotes", "{'input':{}}"],
    ["a comment", '{"input":{}/* x */}'],
    ["a byte order mark", `\ufeff${question}`],
    ["UTF-16", Buffer.from(question, "utf16le")],
    ["invalid UTF-8", Buffer.from('{"input":{"principal_id":"\xff"}}', "latin1")],
    ["an overlong slash", Buffer.from('{"input":{"path":"\xc0\xaf"}}', "latin1")],
    ["a raw control character in a string", input('"principal_id":"a\u0000b"')],
    ["trailing garbage", `${question}x`],
    ["two bodies", question + question],
    ["a list", "[]"],
    ["a string", '"input"'],
    ["a number", "5"],
    ["the input twice", `{"input":{},"input":${JSON.stringify(allowed)}}`],
    ["the principal twice", input('"principal_id":"a","principal_id":"ann@example.com"')],
    ["the principal twice, escaped the second time", input('"principal_id":"a","princip\\u0061l_id":"ann@example.com"')],
    ["the principal twice, escaped the first time", input('"\\u0070rincipal_id":"a","principal_id":"ann@example.com"')],
    ["a duplicate deep inside", input('"attributes":{"request":{"http":{"headers":{"a":"1","a":"2"}}}}')],
    ["__proto__ twice", input('"__proto__":1,"__proto__":2')],
    ["20,000 lists inside each other", `{"input":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
    ["20,000 objects inside each other, never closed", '{"input":'.repeat(20_000)],
    ["65 objects inside each other", `${'{"input":'.repeat(65)}1${"}".repeat(65)}`],
    ["1,001 keys in one object", input(Array.from({ length: 1_001 }, (_, at) => `"k${at}":0`).join())],
    ["a lone surrogate", input('"principal_id":"\\ud800"')],
    ["a lone surrogate in a key", input('"\\udfff":1')],
    ["3,000 lone surrogates", input(`"principal_groups":[${Array.from({ length: 3_000 }, () => '"\\ud800"').join()}]`)],
    ["3,000 lone surrogates as bytes", Buffer.from(`{"input":{"path":"${"\xed\xa0\x80".repeat(3_000)}"}}`, "latin1")],
  ])("is refused: %s", async (_, body) => {
    const { url } = await serve()
    for (const { api, code } of apis) expect(await answerOf(await post(`${url}${api}/allow`, body))).toMatchObject({ status: 400, code })
    await expectDecisions(url)
  })

  it.each(["", " \n", "{}", "null", '{"input":null}'])("is no question to the PDP API: '%s'", async (body) => {
    const { url } = await serve()
    for (const name of Object.keys(questions))
      expect(await answerOf(await post(`${url}${pdpPath}/${name}`, body))).toMatchObject({ status: 400, code: "input_invalid" })
    await expectDecisions(url)
  })

  it("is read as JSON in UTF-8, whatever Content-Type says", async () => {
    const { url } = await serve()
    for (const type of ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
      expect(await answerOf(await post(`${url}${pdpPath}/allow`, question, { "Content-Type": type }))).toEqual(isAllowed(true))
    for (const { api, code } of apis) {
      const form = { "Content-Type": "application/x-www-form-urlencoded" }
      expect(await answerOf(await post(`${url}${api}/allow`, "input: {}", form))).toMatchObject({ status: 400, code })
    }
    expect(await answerOf(await post(`${url}${pdpPath}/allow`, "input: {}", { "Content-Type": "application/yaml" }))).toMatchObject({ status: 400 })
    await expectDecisions(url)
  })

  it("takes no time, with keys that are chosen to collide", async () => {
    const { url } = await serve()
    const colliding = Array.from(
      { length: 90 },
      (_, round) => `{${Array.from({ length: 1_000 }, (_key, at) => `"${(at + round * 1_000) * 4_096}":0`).join()}}`,
    )
    const begun = performance.now()
    expect((await post(`${url}${pdpPath}/allow`, `{"input":${JSON.stringify(allowed).slice(0, -1)},"x":[${colliding.join()}]}}`)).status).toBe(413)
    const fitting = `{"input":${JSON.stringify(allowed).slice(0, -1)},"x":[${colliding.slice(0, 70).join()}]}}`
    expect(await answerOf(await post(`${url}${pdpPath}/allow`, fitting))).toEqual(isAllowed(true))
    expect(performance.now() - begun).toBeLessThan(5_000)
    await expectDecisions(url)
  })
})

type Row = readonly [place: string, names: readonly (keyof typeof questions)[], values: readonly unknown[]]

describe("a value of a wrong type", () => {
  const noText = [5, 0, 1.5, true, false, [], ["ann@example.com"], {}, { 0: "a" }]
  const noTexts = ["", "a", "a b", 5, true, {}, { 0: "a" }, [1], [null], [["a"]], ["a", {}]]
  const noObject = ["", "a", 5, true, [], [{}]]
  const all = ["allow", "explain", "has_permissions", "has_role"] as const
  const requests = ["allow", "explain"] as const
  const rows: readonly Row[] = [
    ["principal_id", all, noText],
    ["principal_email", all, noText],
    ["principal_groups", all, noTexts],
    ["on_behalf_of_principal_id", all, noText],
    ["on_behalf_of_principal_email", all, noText],
    ["on_behalf_of_principal_groups", all, noTexts],
    ["scopes", all, noTexts],
    ["method", requests, [...noText, null]],
    ["path", requests, [...noText, null]],
    ["workspace", ["has_permissions", "has_role"], [...noText, null]],
    ["permissions", ["has_permissions"], [...noTexts, null]],
    ["role", ["has_role"], [...noText, null]],
    ["effective", ["has_role"], ["true", 1, null, [], {}]],
    ["attributes", all, [...noObject, null]],
    ["attributes.request", all, [...noObject, null]],
    ["attributes.request.http", all, [...noObject, null]],
    ["attributes.request.http.method", all, [...noText, null]],
    ["attributes.request.http.path", all, [...noText, null]],
    ["attributes.request.http.headers", all, [...noObject, null]],
    ["attributes.request.http.headers.x-nmp-principal-id", all, [...noText, null]],
  ]

  it.each(rows)("is refused in %s of %j: %j", async (place, names, values) => {
    const { url } = await serve()
    for (const name of names)
      for (const value of values)
        for (const { api, code } of apis) {
          const wrong = place.split(".").reduceRight((inner, key) => ({ [key]: inner }), value)
          const answer = await answerOf(await post(`${url}${api}/${name}`, { input: Object.assign({}, questions[name], wrong) }))
          expect(answer, `${api}/${name} ${JSON.stringify(value)}`).toMatchObject({ status: 400, code })
        }
    await expectDecisions(url)
  })

  it.each([null, 5, "ann@example.com", true, [], [allowed]])("is refused for the input itself, or denied as OPA does: %j", async (input) => {
    const { url } = await serve()
    expect(await answerOf(await post(`${url}${pdpPath}/allow`, { input }))).toMatchObject({ status: 400, code: "input_invalid" })
    expect(await answerOf(await post(`${url}${dataPath}/allow`, { input }))).toEqual(isAllowed(false))
    await expectDecisions(url)
  })
})

describe("names from Object.prototype", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype"]
  const hasRole = async (url: string, input: unknown): Promise<unknown> => (await answerOf(await post(`${url}${pdpPath}/has_role`, { input }))).result

  it.each(names)("state nothing as the key %s", async (name) => {
    const { url } = await serve()
    const nested = `{"input":{"${name}":${JSON.stringify(allowed)},"method":"GET","path":"${models}"},"${name}":${question}}`
    for (const { api } of apis) expect(await answerOf(await post(`${url}${api}/allow`, nested))).toEqual(isAllowed(false))
    const beside = `{"${name}":{"input":{}},"input":{"${name}":{"principal_id":"zoe@example.com"},${JSON.stringify(allowed).slice(1)}}`
    for (const { api } of apis) expect(await answerOf(await post(`${url}${api}/allow`, beside))).toEqual(isAllowed(true))
    await expectDecisions(url)
  })

  it.each(names)("are names like others: %s as principal, group, workspace, role, permission and scope", async (name) => {
    const { url } = await serve()
    for (const input of [
      { ...allowed, principal_id: name },
      { ...denied, principal_groups: [name], principal_email: name },
      { ...allowed, path: models.replace("ml-team", name) },
      { ...allowed, scopes: [name] },
      { ...allowed, method: name },
    ])
      for (const { api } of apis) expect(await answerOf(await post(`${url}${api}/allow`, { input }))).toEqual(isAllowed(false))
    const holds = name === "__proto__"
    expect(await hasRole(url, { principal_id: name, workspace: "constructor", role: "Viewer" })).toEqual({ has_role: holds })
    expect(await hasRole(url, { principal_id: name, workspace: "constructor", role: name })).toEqual({ has_role: false })
    expect(await hasRole(url, { principal_id: "ann@example.com", workspace: name, role: "Viewer" })).toEqual({ has_role: false })
    const permission = { principal_id: "ann@example.com", workspace: "ml-team", permissions: [name] }
    expect((await answerOf(await post(`${url}${pdpPath}/has_permissions`, { input: permission }))).result).toEqual({ allowed: false })
    await expectDecisions(url)
  })

  it("lead nowhere as entrypoints, places, queries and headers", async () => {
    const { url, port } = await serve()
    for (const name of names) {
      expect(await answerOf(await post(`${url}${pdpPath}/${name}`, question))).toMatchObject({ status: 400, code: "entrypoint_unknown" })
      for (const place of [`authz/${name}`, name, `authz/allow/${name}`, `authz/allow/headers/${name}/length`])
        expect(await answerOf(await post(`${url}/v1/data/${place}?${name}=1`, question))).toMatchObject({ status: 200, result: undefined })
      expect(statusesOf(await raw(port, getting(`/${name}`, `${name}: x\r\n`)))).toEqual([404])
    }
    await expectDecisions(url)
  })
})

describe("a body that is too large", () => {
  const tenMegabytes = " ".repeat(10_485_760)
  const packed = (bytes: Buffer): string => `Content-Encoding: gzip\r\nContent-Length: ${bytes.length}`

  it("is refused, and the next request on the connection is answered right", async () => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, asking(`Content-Length: ${tenMegabytes.length}`, tenMegabytes), lastQuestion))).toEqual([413, 200])
    expect(statusesOf(await raw(port, asking("Transfer-Encoding: chunked", chunked(tenMegabytes)), lastQuestion))).toEqual([413, 200])
    const many = "400\r\n".concat("x".repeat(1_024), "\r\n").repeat(10_240)
    expect(statusesOf(await raw(port, asking("Transfer-Encoding: chunked", `${many}0\r\n\r\n`), lastQuestion))).toEqual([413, 200])
    await expectDecisions(url)
  })

  it("is refused before it comes, when it says so", async () => {
    const { port } = await serve()
    for (const length of ["1048577", "9007199254740993", "9223372036854775807"])
      expect(statusesOf(await raw(port, `POST ${pdpPath}/allow HTTP/1.1\r\n${closing}Content-Length: ${length}\r\n\r\n`))).toEqual([413])
  })

  it("has 400 on OPA's paths, and is refused where no body belongs", async () => {
    const { url } = await serve()
    expect(await answerOf(await post(`${url}${dataPath}/allow`, tenMegabytes))).toMatchObject({ status: 400, code: "invalid_parameter" })
    expect(await answerOf(await post(`${url}/health`, tenMegabytes))).toMatchObject({ status: 405, code: "method_not_allowed" })
    expect(await answerOf(await post(`${url}/nowhere`, tenMegabytes))).toMatchObject({ status: 404, code: "not_found" })
    await expectDecisions(url)
  })

  it("is refused when it grows too large while it is inflated", async () => {
    const { url, port } = await serve()
    const bomb = gzipSync(Buffer.alloc(67_108_864, " "))
    const twice = gzipSync(gzipSync(Buffer.alloc(67_108_864, " ")))
    expect(await answerOf(await post(`${url}${pdpPath}/allow`, bomb, { "Content-Encoding": "gzip" }))).toMatchObject({
      status: 413,
      code: "too_large",
    })
    expect(await answerOf(await post(`${url}${dataPath}/allow`, bomb, { "Content-Encoding": "gzip" }))).toMatchObject({ status: 400 })
    expect(await answerOf(await post(`${url}${pdpPath}/allow`, twice, { "Content-Encoding": "gzip" }))).toMatchObject({ status: 400 })
    const members = Buffer.concat([gzipSync("["), bomb])
    expect(statusesOf(await raw(port, asking(packed(members), ""), members, lastQuestion))).toEqual([413, 200])
    await expectDecisions(url)
  })

  it.each([
    ["gzip", question, 400],
    ["gzip", "", 400],
    ["gzip", gzipSync(question).subarray(0, 20), 400],
    ["gzip", Buffer.concat([gzipSync(question), Buffer.from("{}")]), 400],
    ["GZip", gzipSync(question), 200],
    ["gzip, gzip", gzipSync(gzipSync(question)), 415],
    ["identity", question, 200],
    ["br", question, 415],
    ["deflate", question, 415],
    ["constructor", question, 415],
  ])("says %s: the answer to %j is %i", async (encoding, body, status) => {
    const { url } = await serve()
    expect((await post(`${url}${pdpPath}/allow`, body, { "Content-Encoding": encoding })).status).toBe(status)
    await expectDecisions(url)
  })
})

describe("framing that proxies and servers read differently", () => {
  const smuggled = getting("/health")
  it.each([
    ["a length and chunks", asking(`${questionLength}\r\nTransfer-Encoding: chunked`, chunked(question))],
    ["chunks and a length", asking(`Transfer-Encoding: chunked\r\n${questionLength}`, chunked(question))],
    ["the same length twice", asking(`${questionLength}\r\n${questionLength}`)],
    ["two lengths", asking(`${questionLength}\r\nContent-Length: 5`)],
    ["a list of lengths", asking(`Content-Length: ${question.length}, ${question.length}`)],
    ["a signed length", asking(`Content-Length: +${question.length}`)],
    ["a negative length", asking("Content-Length: -1")],
    ["a hexadecimal length", asking("Content-Length: 0x10")],
    ["an empty length", asking("Content-Length: ")],
    ["no number as the length", asking("Content-Length: many")],
    ["a length beyond 64 bits", asking("Content-Length: 99999999999999999999999")],
    ["a space before the colon", asking(`Content-Length : ${question.length}`)],
    ["an unknown coding", asking("Transfer-Encoding: xchunked", chunked(question))],
    ["a coding after chunked", asking("Transfer-Encoding: chunked, identity", chunked(question))],
    ["a coding before chunked", asking("Transfer-Encoding: gzip, chunked", chunked(question))],
    ["two codings in two headers", asking("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", chunked(question))],
    ["chunked twice", asking("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", chunked(question))],
    ["a coding after a vertical tab", asking("Transfer-Encoding:\x0bchunked", chunked(question))],
    ["a coding on a folded line", asking("Transfer-Encoding:\r\n chunked", chunked(question))],
    ["chunks in HTTP/1.0", `POST ${pdpPath}/allow HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(question)}`],
    ["a folded header", asking(`X-A: b\r\n c\r\n${questionLength}`)],
    ["a header that begins folded", `POST ${pdpPath}/allow HTTP/1.1\r\n X-A: b\r\n${closing}${questionLength}\r\n\r\n${question}`],
    ["bare line feeds", lastQuestion.replaceAll("\r\n", "\n")],
    ["one bare line feed", lastQuestion.replace("localhost\r\n", "localhost\n")],
    ["a bare carriage return", lastQuestion.replace("localhost\r\n", "localhost\rX: y\r\n")],
    ["a chunk size that is no number", asking("Transfer-Encoding: chunked", `zz\r\n${question}\r\n0\r\n\r\n`)],
    ["a negative chunk size", asking("Transfer-Encoding: chunked", `-1\r\n${question}\r\n0\r\n\r\n`)],
    ["a chunk size beyond 64 bits", asking("Transfer-Encoding: chunked", `FFFFFFFFFFFFFFFFF\r\n${question}\r\n0\r\n\r\n`)],
    ["a chunk longer than its size", asking("Transfer-Encoding: chunked", `5\r\n${question}\r\n0\r\n\r\n`)],
    ["chunks with bare line feeds", asking("Transfer-Encoding: chunked", chunked(question).replaceAll("\r\n", "\n"))],
  ])("is refused once, and nothing behind it is served: %s", async (_, request) => {
    const { url, port } = await serve()
    const text = await raw(port, request, smuggled)
    expect(statusesOf(text)).toEqual([400])
    expect(text).toContain('"code":"input_invalid"')
    expect(text).toContain("Connection: close")
    await expectDecisions(url)
  })

  it("does not take a body without a length for a body", async () => {
    const { port } = await serve()
    expect(statusesOf(await raw(port, asking("X: y")))).toEqual([400])
    expect(statusesOf(await raw(port, asking("Content-Length: 0")))).toEqual([400])
  })

  it("does not believe trailers, and caps them and chunk extensions", async () => {
    const { url, port } = await serve()
    const trailing = (trailers: string): string =>
      `POST ${pdpPath}/allow HTTP/1.1\r\n${closing}Transfer-Encoding: chunked\r\n\r\n${chunked(question).slice(0, -2)}${trailers}\r\n`
    expect(statusesOf(await raw(port, trailing("X-Forwarded-For: 1.2.3.4\r\nHost: evil\r\n")))).toEqual([200])
    expect(statusesOf(await raw(port, trailing(`X: ${"a".repeat(1_000)}\r\n`.repeat(60))))).toEqual([431])
    const extended = asking("Transfer-Encoding: chunked", chunked(question).replace("\r\n", `;${"a".repeat(40_000)}\r\n`))
    expect(statusesOf(await raw(port, extended))).toEqual([413])
    await expectDecisions(url)
  })
})

describe("a target", () => {
  it.each([
    ["a NUL", "/health\0"],
    ["a control byte", "/health\x01"],
    ["a tab", "/hea\tlth"],
    ["a space", "/health x"],
    ["a delete byte", "/health\x7f"],
    ["raw UTF-8", "/health/\u00c3\u00a9"],
    ["a byte beyond UTF-8", "/health\xff"],
    ["a fragment", "/health#x"],
    ["a fragment on a decision", `${pdpPath}/allow#x`],
    ["a backslash", "/\\evil.example/health"],
    ["a dot segment", `${pdpPath}/../health`],
    ["a dot segment at the end", "/health/."],
    ["an encoded dot segment", `/health/%2E%2e/status?x=1`],
    ["an absolute form", "http://localhost/health"],
    ["no path", "*"],
    ["a name", "health"],
  ])("is refused with %s", async (_, target) => {
    const { url, port } = await serve()
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const request = Buffer.from(`${method} ${target} HTTP/1.1\r\n${closing}${questionLength}\r\n\r\n${question}`, "latin1")
      const text = await raw(port, request)
      expect(statusesOf(text)).toEqual([400])
      expect(text).toMatch(/"code":"input_invalid"/)
    }
    await expectDecisions(url)
  })

  it.each([
    ["/health%00", 404],
    ["/%0d%0aX-Injected:%20y", 404],
    ["//evil.example/health", 404],
    ["//[", 404],
    ["///", 404],
    ["/%", 404],
    ["/%ff%fe", 404],
    ["/v1/%zz", 404],
    ["/v1/data/%zz", 400],
    ["/v1/data/authz/allow?input=%ff", 400],
    [`/v1/data/authz/allow?input=${"[".repeat(20_000)}`, 400],
    ["/HEALTH", 404],
    ["/health/", 404],
    ["/health;x=y", 404],
    [`/${"a".repeat(30_000)}`, 404],
    [`/health?${"a=b&".repeat(7_000)}`, 200],
    ["/health?/../x", 200],
    [`/health?${"a=b&".repeat(10_000)}`, 431],
    [`/${"a".repeat(40_000)}`, 431],
  ])("is answered, and nothing of it becomes a header: %s", async (target, status) => {
    const { url, port } = await serve()
    const text = await raw(port, getting(target))
    expect(statusesOf(text)).toEqual([status])
    expect(text).not.toMatch(/^X-Injected/im)
    await expectDecisions(url)
  })
})

describe("headers", () => {
  it.each([
    ["one of 40,000 bytes", `X: ${"a".repeat(40_000)}\r\n`, 431],
    ["1,001 of them", "a:b\r\n".repeat(999), 431],
    ["10 MB of them", "a:b\r\n".repeat(2_000_000), 431],
    ["a name with a space", "X Y: 1\r\n", 400],
    ["no name", ": 1\r\n", 400],
    ["no colon", "nocolon\r\n", 400],
    ["a NUL", "X: a\0b\r\n", 400],
    ["a control byte", "X: a\x01b\r\n", 400],
    ["a second host", "Host: localhost\r\n", 400],
    ["a proxy behind 990 others", `${"a:b\r\n".repeat(990)}X-Forwarded-For: 1.2.3.4\r\n`, 403],
  ])("are refused: %s", async (_, headers, status) => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, `GET ${dataPath}/allow HTTP/1.1\r\n${closing}${headers}\r\n`))).toEqual([status])
    await expectDecisions(url)
  })

  it.each([
    ["Host: localhost:99999", 421],
    ["Host: localhost:80:80", 421],
    ["Host: ", 421],
    ["Host: 127.0.0.1@evil.example", 421],
    ["Host: evil.example#127.0.0.1", 421],
    ["Host: [::1", 421],
    ["Host: [::1]:1", 200],
  ])("name our host: %s is answered with %i", async (host, status) => {
    const { url, port } = await serve()
    for (const target of ["/health", `${dataPath}/allow`])
      expect(statusesOf(await raw(port, `GET ${target} HTTP/1.1\r\nConnection: close\r\n${host}\r\n\r\n`))).toEqual([status])
    await expectDecisions(url)
  })

  it.each([
    ["X-Portcullis-At-Least", "9".repeat(20_000), 400],
    ["X-Portcullis-At-Least", "00000001.99999999999999999999", 400],
    ["X-Portcullis-At-Least", "__proto__", 400],
    ["If-None-Match", '"'.repeat(30_000), 200],
    ["If-None-Match", '"a",'.repeat(7_000), 200],
    ["X-HTTP-Method-Override", "DELETE", 200],
    ["Accept", "text/".repeat(5_000), 200],
  ])("do not matter, or are refused: %s: %s", async (name, value, status) => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, getting("/bundles/authz.tar.gz", `X-NMP-Principal-Id: service:opa\r\n${name}: ${value}\r\n`)))).toEqual([
      status,
    ])
    await expectDecisions(url)
  })
})

describe("methods and versions", () => {
  it.each([
    ["HEAD", "/health", 200],
    ["HEAD", `${pdpPath}/allow`, 405],
    ["OPTIONS", `${pdpPath}/allow`, 405],
    ["TRACE", `${pdpPath}/allow`, 405],
    ["TRACE", "/health", 405],
    ["TRACE", "/v1/data/authz/allow", 405],
    ["TRACE", "/nowhere", 404],
    ["PROPFIND", "/status", 405],
    ["CONNECT", "localhost:443", 405],
    ["CONNECT", `${pdpPath}/allow`, 405],
    ["FROB", `${pdpPath}/allow`, 400],
    ["post", `${pdpPath}/allow`, 400],
    ["A".repeat(40_000), "/health", 400],
  ])("%s %s is answered with %i", async (method, target, status) => {
    const { url, port } = await serve()
    const text = await raw(port, `${method} ${target} HTTP/1.1\r\n${closing}\r\n`)
    expect(statusesOf(text)).toEqual([status])
    expect(/^Allow: /im.test(text)).toBe(status === 405)
    await expectDecisions(url)
  })

  it("does not turn a tunnel into requests", async () => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", lastQuestion))).toEqual([405])
    await expectDecisions(url)
  })

  it.each([
    ["HTTP/1.0", 200],
    ["HTTP/1.2", 400],
    ["HTTP/2.0", 400],
    ["HTTP/0.9", 400],
    ["http/1.1", 400],
    ["HTTP/1.1x", 400],
  ])("%s is answered with %i", async (version, status) => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, lastQuestion.replace("HTTP/1.1", version)))).toEqual([status])
    await expectDecisions(url)
  })

  it.each([
    ["HTTP/0.9", "GET /health\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["TLS", Buffer.from("16030100c8010000c40303", "hex")],
    ["noise", "\x00\x01\x02\x03\r\n\r\n"],
  ])("a client that speaks %s is answered with 400", async (_, bytes) => {
    const { url, port } = await serve()
    expect(statusesOf(await raw(port, bytes))).toEqual([400])
    await expectDecisions(url)
  })

  it("lets 100-continue continue, but not into a body that is too large or an expectation it does not know", async () => {
    const { url, port } = await serve()
    expect(await raw(port, lastQuestion.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"))).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
    )
    const large = `POST ${pdpPath}/allow HTTP/1.1\r\n${closing}Content-Length: 10485760\r\nExpect: 100-continue\r\n\r\n`
    expect(statusesOf(await raw(port, large))).toEqual([413])
    expect(statusesOf(await raw(port, lastQuestion.replace("\r\n\r\n", "\r\nExpect: magic\r\n\r\n")))).toEqual([417])
    await expectDecisions(url)
  })

  it.each(["websocket", "h2c", "TLS/1.3"])("does not upgrade to %s, and stays on HTTP", async (protocol) => {
    const { url, port } = await serve()
    const upgrade = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__`
    const socket = await connected(port)
    for (const request of [
      `GET /health HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n\r\n`,
      asking(`${upgrade}\r\n${questionLength}`),
      lastQuestion,
    ]) {
      socket.write(request)
      const [answer] = await once(socket, "data")
      expect(statusesOf(String(answer))).toEqual([200])
    }
    await expectDecisions(url)
  })

  it("answers pipelined requests in order, and none behind a broken one", async () => {
    const { url, port } = await serve()
    const no = JSON.stringify({ input: denied })
    const pipeline = [
      asking(questionLength),
      "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
      asking(`Content-Length: ${no.length}`, no),
      lastQuestion,
    ]
    const text = await raw(port, pipeline.join(""))
    expect(statusesOf(text)).toEqual([200, 404, 200, 200])
    expect([...text.matchAll(/"allowed":(\w+)/g)].map(([, yes]) => yes)).toEqual(["true", "false", "true"])
    const broken = await raw(port, `${asking(questionLength)}BROKEN\r\n\r\n${lastQuestion}`)
    expect(statusesOf(broken).filter((status) => status !== 200)).toEqual([400])
    expect(statusesOf(broken).length).toBeLessThanOrEqual(2)
    await expectDecisions(url)
  })
})

describe("a client that is slow or goes away", () => {
  const half = `POST ${pdpPath}/allow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`

  it.each([
    ["nothing", ""],
    ["half a request line", "POST /apis"],
    ["half the headers", `POST ${pdpPath}/allow HTTP/1.1\r\nHost: localhost\r\nX: `],
    ["half a body", half],
    ["half the chunks", asking("Transfer-Encoding: chunked", chunked(question).slice(0, -5))],
  ])("is answered with 408 after %s", async (_, sent) => {
    const { url, port } = await serve({ requestSeconds: 0.2 })
    const text = await raw(port, sent)
    expect(statusesOf(text)).toEqual([408])
    expect(text).toContain('"code":"request_timeout"')
    await expectDecisions(url)
  })

  it.each([
    ["headers", `POST ${pdpPath}/allow HTTP/1.1\r\nHost: localhost\r\nX: `],
    ["body", half],
  ])("is answered with 408 when it sends its %s byte by byte", async (_, begin) => {
    const { url, port } = await serve({ requestSeconds: 0.3 })
    const socket = await connected(port)
    socket.write(begin)
    const dripping = setInterval(() => socket.write("a"), 20)
    onTestFinished(() => clearInterval(dripping))
    const [answer] = await once(socket, "data")
    expect(statusesOf(String(answer))).toEqual([408])
    await expectDecisions(url)
  })

  it("is cut off when it was refused and does not end its request", async () => {
    const { url, port } = await serve({ requestSeconds: 0.2 })
    for (const [head, status] of [
      [`POST /health HTTP/1.1\r\nHost: localhost`, 405],
      [`POST /nowhere HTTP/1.1\r\nHost: localhost`, 404],
      [`POST ${pdpPath}/nothing HTTP/1.1\r\nHost: localhost`, 400],
      [`POST ${pdpPath}/allow HTTP/1.1\r\nHost: evil.example`, 421],
    ] as const)
      expect(statusesOf(await raw(port, `${head}\r\nContent-Length: 100000\r\n\r\n{`))[0]).toBe(status)
    await expectDecisions(url)
  })

  it("gives its place back when it goes away in the middle of its body, or closes its half", async () => {
    const { url, port } = await serve({ concurrentRequests: 1 })
    for (let round = 0; round < 20; round++) {
      const socket = await connected(port)
      socket.write(half)
      socket.resetAndDestroy()
    }
    await expect.poll(async () => (await post(`${url}${pdpPath}/allow`, { input: allowed })).status).toBe(200)
    const ending = await connected(port)
    ending.end(half)
    const [answer] = await once(ending, "data")
    expect(statusesOf(String(answer))).toEqual([400])
    await expect.poll(async () => (await post(`${url}${pdpPath}/allow`, { input: allowed })).status).toBe(200)
    await expectDecisions(url)
  })

  it("does not hold others up when it never reads its 500 answers", async () => {
    const { url, port } = await serve()
    const socket = await connected(port)
    socket.pause()
    socket.write("GET /bundles/authz.tar.gz HTTP/1.1\r\nHost: localhost\r\nX-NMP-Principal-Id: service:opa\r\n\r\n".repeat(500))
    await expectDecisions(url)
  })

  it("does not hold a stop up", async () => {
    const server = await serve({ requestSeconds: 0.8 })
    const { port } = server
    const asked = [raw(port), raw(port, "GET /hea"), raw(port, half), raw(port, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    await expect.poll(async () => statusesOf(await raw(port, getting("/metrics")))).toEqual([200])
    await server.close(60_000)
    const statuses = (await Promise.all(asked)).map(statusesOf)
    expect(statuses).toEqual([[], [408], [408], [200]])
  })
})

describe("more than the limits allow", () => {
  it("is answered with 503 and Retry-After, and served again afterwards", async () => {
    const { url, port } = await serve({ concurrentRequests: 2, requestSeconds: 300 })
    const held = [0, 1].map(() => connect(port, "127.0.0.1"))
    for (const socket of held) {
      socket.on("error", () => {})
      socket.write(asking("Content-Length: 100", "{"))
    }
    await expect.poll(async () => (await post(`${url}${pdpPath}/allow`, { input: allowed })).status).toBe(503)
    for (const [path, code] of [
      [`${pdpPath}/allow`, "overloaded"],
      [`${dataPath}/allow`, "overloaded"],
    ] as const) {
      const answer = await post(url + path, { input: allowed })
      expect(answer.headers.get("retry-after")).toBe("1")
      expect(await answerOf(answer)).toMatchObject({ status: 503, code })
    }
    for (const path of ["/health", "/health?bundles", "/health/live", "/health/ready"]) expect((await fetch(url + path)).status).toBe(200)
    for (const socket of held) socket.destroy()
    await expect.poll(async () => (await post(`${url}${pdpPath}/allow`, { input: allowed })).status).toBe(200)
    await expectDecisions(url)
  })

  it("is right or refused, never wrong, when 150 ask at a time", async () => {
    const { url } = await serve({ concurrentRequests: 50 })
    const answers = await Promise.all(
      Array.from({ length: 150 }, async (_, at) => {
        const { status, code, result } = await answerOf(await post(`${url}${pdpPath}/allow`, { input: at % 2 ? allowed : denied }))
        return status === 503 ? code === "overloaded" : JSON.stringify({ status, code, result }) === JSON.stringify(isAllowed(at % 2 === 1))
      }),
    )
    expect(answers.filter((right) => !right)).toEqual([])
    await expectDecisions(url)
  })
})

describe("the sidecar process", () => {
  beforeAll(() => {
    const built = spawnSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { encoding: "utf8" })
    expect(built.stderr).not.toContain("do not compile")
  })

  it("decides right amid hostile requests, and ends with exit 0 although slow clients hang on", async () => {
    const environment = { PORTCULLIS_SERVER__LIMITS__REQUEST_SECONDS: "0.5" }
    const sidecar = start(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"], environment)
    const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)\n/)
    const port = Number(new URL(url).port)
    const deep = `{"input":${"[".repeat(20_000)}`
    expect((await post(`${url}${pdpPath}/allow`, deep)).status).toBe(400)
    expect((await post(`${url}${pdpPath}/allow`, `{"input":{"principal_groups":[${'"\\ud800",'.repeat(3_000)}""]}}`)).status).toBe(400)
    expect((await post(`${url}${pdpPath}/allow`, gzipSync(Buffer.alloc(16_777_216)), { "Content-Encoding": "gzip" })).status).toBe(413)
    expect(statusesOf(await raw(port, asking(`${questionLength}\r\nTransfer-Encoding: chunked`, chunked(question)), lastQuestion))).toEqual([400])
    await expectDecisions(url)
    const hanging = [raw(port), raw(port, "GET /hea"), raw(port, asking("Content-Length: 100", "{")), raw(port, getting("/health"))]
    await hanging[3]
    sidecar.child.kill("SIGTERM")
    const begun = performance.now()
    expect(await sidecar.exited).toBe(0)
    expect(performance.now() - begun).toBeLessThan(10_000)
    await Promise.all(hanging)
  })
})
