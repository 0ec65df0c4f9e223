import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import { PdpError } from "../../src/errors.js"
import type { ServerOptions } from "../../src/server/index.js"
import { checkMethod, checkRequest, answerIn, envoyClient, type EnvoyAsked } from "../fixtures/envoy-client.js"
import { gatewayWorld, readable } from "../fixtures/gateway-world.js"

const listen = { host: "127.0.0.1", port: 0 }
const names = [
  "x-nmp-principal-id",
  "x-nmp-principal-email",
  "x-nmp-principal-groups",
  "x-nmp-principal-on-behalf-of",
  "x-nmp-principal-on-behalf-of-email",
  "x-nmp-principal-on-behalf-of-groups",
  "x-nmp-scopes",
  "x-nmp-authorized",
  "x-portcullis-decision-id",
  "x-portcullis-revision",
  "x-portcullis-decision",
  "x-portcullis-shadow",
]

async function world(options: Partial<ServerOptions> = {}) {
  const served = await gatewayWorld({ envoyGrpc: { listen }, ...options })
  const envoy = envoyClient(served.grpc)
  const authorization = async (account: string, claims = {}): Promise<string> => (await served.bearer(account, claims))[1]
  return { ...served, envoy, authorization }
}

describe("Envoy over gRPC", () => {
  it("lets whom the policy allows pass, with every identity header in place of what the client sent", async () => {
    const { envoy, authorization, pdp } = await world()
    const answer = await envoy.check({
      path: `${readable}?page=2`,
      headers: { authorization: await authorization("ann@example.com", { groups: ["ml"] }) },
    })
    expect(answer).toMatchObject({ code: 0, status: 0 })
    expect(answer.edits.map(({ name }) => name)).toEqual(names)
    expect(answer.edits.filter(({ action, isKept }) => action !== "OVERWRITE_IF_EXISTS_OR_ADD" || !isKept)).toEqual([])
    expect(answer.headers).toMatchObject({
      "x-nmp-principal-id": "ann@example.com",
      "x-nmp-principal-groups": "ml",
      "x-nmp-principal-on-behalf-of": "",
      "x-nmp-authorized": "true",
      "x-portcullis-revision": pdp.revision(),
    })
    expect(answer.metadata).toEqual({ decision_id: answer.headers["x-portcullis-decision-id"], revision: pdp.revision() })
  })

  it.each(["headers", "header_map"])("takes off what the client sent in the place of ours (%s)", async (form) => {
    const { envoy, authorization } = await world()
    const sent = [
      ["authorization", await authorization("ann@example.com")],
      ["x-nmp-principal-id", "root@example.com"],
      ["x_nmp_principal_id", "root@example.com"],
      ["x-nmp_authorized", "true"],
      ["x-nmp-anything", "else"],
      ["x_portcullis_decision", "forged"],
      ["x-request-id", "abc"],
    ] as const
    const answer = await envoy.check({ path: readable, ...(form === "headers" ? { headers: Object.fromEntries(sent) } : { rawHeaders: sent }) })
    expect(answer.headers["x-nmp-principal-id"]).toBe("ann@example.com")
    expect(answer.removed).toEqual(expect.arrayContaining(["x_nmp_principal_id", "x-nmp_authorized", "x-nmp-anything", "x_portcullis_decision"]))
    expect(answer.removed.filter((name) => names.includes(name) || name === "authorization" || name === "x-request-id")).toEqual([])
  })

  it("answers a deny, with 401 or 403, and never an error of gRPC", async () => {
    const { envoy, authorization } = await world()
    const ask = async (account: string | undefined, asked: EnvoyAsked = {}) =>
      envoy.check({ path: readable, ...asked, headers: account === undefined ? {} : { authorization: account } })
    const nobody = await ask(undefined)
    expect(nobody).toMatchObject({
      code: 16,
      status: 401,
      headers: { "www-authenticate": "Bearer", "cache-control": "no-store", "content-type": "application/json" },
    })
    expect(JSON.parse(nobody.body)).toMatchObject({ code: "no_credentials", decision_id: nobody.metadata["decision_id"] })
    expect(nobody.metadata["reason"]).toBe("no_credentials")
    const bad = await ask("Bearer nonsense")
    expect(bad).toMatchObject({ code: 16, status: 401, metadata: { reason: "token_malformed" } })
    expect(bad.headers["www-authenticate"]).toMatch(/^Bearer error="invalid_token"/)
    const stranger = await ask(await authorization("eve@example.com"))
    expect(stranger).toMatchObject({ code: 7, status: 403, metadata: { reason: "role_missing" } })
    expect(await ask(await authorization("ann@example.com", { scope: "" }))).toMatchObject({
      code: 7,
      status: 403,
      metadata: { reason: "scope_missing" },
    })
    expect(await ask(await authorization("ann@example.com"), { method: "DELETE" })).toMatchObject({ status: 403 })
    expect(Object.keys(stranger.headers).filter((name) => name.startsWith("x-nmp-"))).toEqual([])
  })

  it.each([
    "//workspaces/ml/models/llama",
    "/workspaces/ml/%2e%2e/ml/models/llama",
    "/workspaces/ml/models/../models/llama",
    "/workspaces%2Fml/models/llama",
    "",
    "workspaces",
    "/a;b",
  ])("denies the path %s, which routers may read in more than one way", async (path) => {
    const { envoy, authorization } = await world({ gateway: { shadow: [{ gateway: "*", path_prefix: "/" }] } })
    const answer = await envoy.check({ path, headers: { authorization: await authorization("ann@example.com") } })
    expect(answer).toMatchObject({ code: 7, status: 403, metadata: { reason: "path_not_canonical" } })
  })

  it("believes nobody's principal headers, whoever asks", async () => {
    const { envoy } = await world()
    const answer = await envoy.check({ path: readable, headers: { "x-nmp-principal-id": "ann@example.com", "x-nmp-scopes": "*" } })
    expect(answer).toMatchObject({ code: 16, status: 401 })
  })

  it("refuses two tokens, joined by Envoy or not", async () => {
    const { envoy, authorization } = await world()
    const [ann, eve] = [await authorization("ann@example.com"), await authorization("eve@example.com")]
    for (const both of [`${ann},${eve}`, `${eve},${ann}`, `${ann}, Basic abc`])
      expect(await envoy.check({ path: readable, headers: { authorization: both } })).toMatchObject({ code: 16, status: 401 })
    const listed = await envoy.check({
      path: readable,
      rawHeaders: [
        ["authorization", ann],
        ["authorization", eve],
      ],
    })
    expect(listed).toMatchObject({ code: 7, status: 403, metadata: { reason: "input_invalid" } })
  })

  it("refuses headers by which clients play a gateway", async () => {
    const { envoy, authorization } = await world()
    const headers = { authorization: await authorization("ann@example.com"), "x-original-uri": "/health" }
    expect(await envoy.check({ path: readable, headers })).toMatchObject({ code: 7, status: 403, metadata: { reason: "input_invalid" } })
  })

  it("denies what is no question about a request, and headers that are listed in both ways", async () => {
    const { envoy } = await world()
    const both = checkRequest({ path: readable, rawHeaders: [["authorization", "Bearer a"]], http: { headers: { authorization: "Bearer b" } } })
    for (const bytes of [Buffer.alloc(0), Buffer.from("garbage"), Buffer.from([0x0a, 0xff]), Buffer.from([0x0a, 0x02, 0x22, 0x00]), both]) {
      const { code, bytes: answer = Buffer.alloc(0) } = await envoy.call(checkMethod, bytes)
      expect(code).toBe(0)
      expect(answerIn(answer)).toMatchObject({ code: 7, status: 403, metadata: { reason: "input_invalid" } })
    }
  })

  it("lets pass in shadow mode what would be denied, and says so", async () => {
    const { envoy, metrics } = await world({ gateway: { shadow: [{ gateway: "envoy_grpc", path_prefix: "/workspaces" }] } })
    const answer = await envoy.check({ path: readable, headers: { "x-nmp-authorized": "true" } })
    expect(answer).toMatchObject({
      code: 0,
      headers: { "x-portcullis-shadow": "denied; code=no_credentials", "x-nmp-authorized": "", "x-nmp-principal-id": "" },
    })
    expect(await metrics()).toMatch(/portcullis_gateway_decisions_total\{gateway="envoy_grpc",outcome="shadow_denied"\} 1/)
    expect((await envoy.check({ path: "/elsewhere" })).code).toBe(16)
  })

  it("signs what it allows", async () => {
    const { envoy, authorization } = await world({ gateway: { decisionKeys: () => ["a-key-of-more-than-thirty-two-characters"] } })
    const answer = await envoy.check({ path: readable, headers: { authorization: await authorization("ann@example.com") } })
    expect(answer.headers["x-portcullis-decision"]).toMatch(/^1\./)
  })
})

describe("a fault of ours", () => {
  it.each([
    ["ERR_PDP_NOT_READY", 14],
    ["ERR_PDP_STALE", 14],
    ["ERR_EVALUATION", 13],
    ["ERR_OVERLOADED", 8],
  ] as const)("is an error of gRPC: %s is %i", async (code, expected) => {
    const { pdp } = await gatewayWorld()
    const broken = { ...pdp, authorize: () => raise(new PdpError(code, "secret")) }
    const { envoy } = await world({ pdp: broken })
    const called = await envoy.call(checkMethod, checkRequest({ path: readable }))
    expect(called.code).toBe(expected)
    expect(called.bytes).toBeUndefined()
  })

  it("tells nothing of what was thrown by accident", async () => {
    const { pdp } = await gatewayWorld()
    const { envoy } = await world({ pdp: { ...pdp, authorize: () => raise(new Error("secret")) } })
    const { code, details } = await envoy.call(checkMethod, checkRequest({ path: readable }))
    expect(code).toBe(13)
    expect(details).not.toContain("secret")
  })
})

function raise(thrown: Error): never {
  throw thrown
}

describe("the gRPC port", () => {
  it("tells of its health, and of that of no other service", async () => {
    const { envoy } = await world()
    expect(await envoy.health()).toBe("SERVING")
    expect(await envoy.health("envoy.service.auth.v3.Authorization")).toBe("SERVING")
    expect(await envoy.health("other")).toBe("5")
    expect((await envoy.call("/grpc.health.v1.Health/Check", Buffer.from([0xff]))).code).toBe(3)
  })

  it("knows no other method", async () => {
    const { envoy } = await world()
    for (const method of [
      "/envoy.service.auth.v3.Authorization/Unknown",
      "/envoy.service.auth.v2.Authorization/Check",
      "/grpc.health.v1.Health/Watch",
      "/",
    ])
      expect((await envoy.call(method, Buffer.alloc(0))).code).toBe(12)
  })

  it("takes no message beyond 4 MiB", async () => {
    const { envoy } = await world()
    const large = checkRequest({ path: readable, http: { body: "x".repeat(4_200_000) } })
    expect((await envoy.call(checkMethod, large)).code).toBe(8)
    expect((await envoy.call(checkMethod, checkRequest({ path: readable, http: { body: "x".repeat(4_000_000) } }))).code).toBe(0)
  })

  it("is told in the status, and off by default", async () => {
    const { url, grpc } = await world()
    const status = await (await fetch(`${url}/status`)).json()
    expect(status).toMatchObject({ envoyGrpc: { url: `grpc://${grpc}`, entrypoint: "authz/allow" } })
    expect((await gatewayWorld()).grpc).toBe("")
  })

  it("cuts off who does not begin to speak HTTP/2 in time", async () => {
    const { grpc } = await world({ limits: { requestSeconds: 0.1 } })
    const socket = connect(Number(grpc.split(":")[1]), "127.0.0.1")
    await new Promise((resolve) => socket.once("close", resolve).resume())
    expect(socket.destroyed).toBe(true)
  })
})
