import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { createPdp } from "../../src/index.js"
import { createLogger, startServer, type ServerOptions } from "../../src/server/index.js"
import { answerIn, checkMethod, checkRequest, envoyClient, struct } from "../fixtures/envoy-client.js"
import { root } from "../fixtures/sidecar.js"

const wasm = join(root, "test/fixtures/policy/envoy-authz.wasm")

async function world(options: Partial<ServerOptions> = {}) {
  const pdp = await createPdp({ policy: { wasm } })
  const lines: string[] = []
  const server = await startServer({
    pdp,
    listen: { host: "127.0.0.1", port: 0 },
    envoyGrpc: { listen: { host: "127.0.0.1", port: 0 } },
    logger: createLogger({ level: "info", stream: { write: (line) => void lines.push(line) } }),
    ...options,
  })
  onTestFinished(async () => {
    await server.close(0)
    await pdp.close()
  })
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text()
  return { pdp, lines, metrics, url: server.url, envoy: envoyClient((server.envoyGrpcUrl ?? "").replace("grpc://", "")) }
}

const protectedNames = ["x-nmp-authorized", "x_nmp_authorized", "x-portcullis-decision", "x_portcullis_decision", "x-portcullis-shadow"]

describe("a policy of one's own over gRPC", () => {
  it("answers with a boolean", async () => {
    const { envoy, pdp } = await world()
    const open = await envoy.check({ path: "/public", headers: { "x-nmp-principal-id": "ann", "x-nmp_authorized": "true" } })
    expect(open).toMatchObject({ code: 0, edits: [], metadata: { decision_id: expect.any(String), revision: pdp.revision() } })
    expect(open.removed).toEqual(expect.arrayContaining([...protectedNames, "x-nmp_authorized"]))
    expect(open.removed).not.toContain("x-nmp-principal-id")
    expect(await envoy.check({ path: "/closed" })).toMatchObject({ code: 7, status: 403, body: "", metadata: { decision_id: expect.any(String) } })
  })

  it("answers with a decision object, all of it", async () => {
    const { envoy } = await world()
    const answer = await envoy.check({ path: "/object", headers: { "x-nmp-authorized": "forged" } })
    const edits = answer.edits.map(({ name, value, action }) => [name, value, action])
    expect(edits.toSorted(([a = ""], [b = ""]) => a.localeCompare(b))).toEqual([
      ["x-many", "a", "OVERWRITE_IF_EXISTS_OR_ADD"],
      ["x-many", "b", "APPEND_IF_EXISTS_OR_ADD"],
      ["x-nmp-authorized", "true", "OVERWRITE_IF_EXISTS_OR_ADD"],
      ["x-user", "ann", "OVERWRITE_IF_EXISTS_OR_ADD"],
    ])
    expect(answer.removed).toContain("x-secret")
    expect(answer.removed).toContain("x_nmp_authorized")
    expect(answer.removed).not.toContain("x-nmp-authorized")
    expect(answer.responseEdits).toMatchObject([{ name: "x-seen", value: "yes", action: "APPEND_IF_EXISTS_OR_ADD" }])
    expect(answer.parametersRemoved).toEqual(["token"])
    expect(answer.parametersSet).toEqual([{ key: "page", value: "1" }])
    expect(answer.metadata).toMatchObject({ tier: "gold", n: 2, decision_id: expect.any(String) })
  })

  it("denies with the status, the headers and the body that it wants", async () => {
    const { envoy } = await world()
    const answer = await envoy.check({ path: "/denied" })
    expect(answer).toMatchObject({ code: 7, status: 302, body: "go away" })
    expect(answer.edits.map(({ name, value }) => [name, value])).toEqual([
      ["location", "/login"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ])
  })

  it.each(["/number", "/no-allowed", "/bad-header", "/undefined"])(
    "denies where its answer to %s is no decision, and says so in the log",
    async (path) => {
      const { envoy, lines } = await world()
      const answer = await envoy.check({ path })
      expect(answer).toMatchObject({ code: 7, status: 403 })
      expect(JSON.parse(answer.body)).toMatchObject({ code: "decision_invalid", decision_id: expect.any(String) })
      expect(lines.join("")).toMatch(/"decisionId":"[^"]+","msg":"a policy answered Envoy with no decision"/)
    },
  )

  it("is asked as by the OPA-Envoy plugin", async () => {
    const { envoy } = await world()
    const answer = await envoy.check({
      path: "/echo?a=1&a=2&b=%20c",
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "12" },
      http: { body: '{"x": [1]}  ', size: "12" },
      attributes: {
        source: { address: { socket_address: { address: "10.0.0.1", port_value: 4711 } }, principal: "spiffe://a/b", labels: { app: "web" } },
        context_extensions: { tier: "one" },
        metadata_context: { filter_metadata: { "envoy.filters.http.jwt_authn": struct({ payload: { sub: "ann", roles: ["a", true, null, 1.5] } }) } },
        tls_session: { sni: "shop.example.com" },
      },
    })
    const { input } = answer.metadata
    expect(input).toEqual({
      version: { ext_authz: "v3", encoding: "protojson" },
      parsed_path: ["echo"],
      parsed_query: { a: ["1", "2"], b: [" c"] },
      parsed_body: { x: [1] },
      truncated_body: false,
      attributes: {
        source: { address: { socketAddress: { address: "10.0.0.1", portValue: 4711 } }, principal: "spiffe://a/b", labels: { app: "web" } },
        contextExtensions: { tier: "one" },
        metadataContext: { filterMetadata: { "envoy.filters.http.jwt_authn": { payload: { sub: "ann", roles: ["a", true, null, 1.5] } } } },
        tlsSession: { sni: "shop.example.com" },
        request: {
          http: {
            id: "13359530607844510314",
            method: "POST",
            path: "/echo?a=1&a=2&b=%20c",
            host: "shop.example.com",
            scheme: "http",
            protocol: "HTTP/1.1",
            size: "12",
            body: '{"x": [1]}  ',
            headers: {
              ":authority": "shop.example.com",
              ":method": "POST",
              ":path": "/echo?a=1&a=2&b=%20c",
              "content-type": "application/json",
              "content-length": "12",
            },
          },
        },
      },
    })
  })

  it("denies a body that is not what it is said to be, and a target that is no path", async () => {
    const { envoy } = await world()
    const broken = { headers: { "content-type": "application/json" }, http: { body: "{" } }
    expect(await envoy.check({ path: "/public", ...broken })).toMatchObject({ code: 7, status: 400 })
    expect(await envoy.check({ path: "//public" })).toMatchObject({ code: 7, status: 403 })
  })

  it("lets pass in shadow mode, with a header that says what it would have been", async () => {
    const { envoy, metrics } = await world({ gateway: { shadow: [{ gateway: "envoy_grpc", path_prefix: "/" }] } })
    expect(await envoy.check({ path: "/closed" })).toMatchObject({ code: 0, headers: { "x-portcullis-shadow": "denied; code=policy_denied" } })
    expect(await envoy.check({ path: "/number" })).toMatchObject({ code: 0, headers: { "x-portcullis-shadow": "denied; code=decision_invalid" } })
    expect(await envoy.check({ path: "//closed" })).toMatchObject({ code: 7 })
    expect(await envoy.check({ path: "/public" })).toMatchObject({ code: 0, edits: [] })
    expect(await metrics()).toMatch(/portcullis_gateway_decisions_total\{gateway="envoy_grpc",outcome="shadow_denied"\} 2/)
  })

  it("is counted by its entrypoint", async () => {
    const { envoy, metrics, url } = await world()
    await envoy.check({ path: "/public" })
    await envoy.check({ path: "/closed" })
    const text = await metrics()
    expect(text).toMatch(/portcullis_decisions_total\{entrypoint="envoy\/authz\/allow",result="allow"\} 1/)
    expect(text).toMatch(/portcullis_decisions_total\{entrypoint="envoy\/authz\/allow",result="deny"\} 1/)
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ envoyGrpc: { entrypoint: "envoy/authz/allow" } })
  })

  it("must have the entrypoint", async () => {
    await expect(world({ envoyGrpc: { listen: { host: "127.0.0.1", port: 0 }, entrypoint: "other/allow" } })).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
      message: expect.stringMatching(/other\/allow.*envoy\/authz\/allow/),
    })
  })

  it("fails with an error of gRPC when it cannot be asked", async () => {
    const { envoy, pdp } = await world()
    await pdp.close()
    const { code, bytes } = await envoy.call(checkMethod, checkRequest({ path: "/public" }))
    expect([code, bytes]).toEqual([14, undefined])
    expect(answerIn((await envoy.call(checkMethod, Buffer.alloc(0))).bytes ?? Buffer.alloc(0))).toMatchObject({ code: 7 })
  })
})
