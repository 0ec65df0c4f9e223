import { createServer } from "node:http"
import { connect } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { PdpError } from "../../src/errors.js"
import { httpGatewayNames, type HttpGatewayName } from "../../src/gateway/index.js"
import { createLogger } from "../../src/telemetry/index.js"
import { gatewayWorld, readable, requestOf, textOf, type GatewayAnswered, type SentHeaders } from "../fixtures/gateway-world.js"
import { listening } from "../fixtures/listening.js"
import { until } from "../fixtures/opa-server.js"
import { tokenIssuer } from "../fixtures/token-issuer.js"

const passes = (gateway: HttpGatewayName): number => (gateway === "nginx" ? 204 : 200)
const identityHeaders = [
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

/** Every identity header as a client would send it who wants to be root. */
const spoofed: SentHeaders = [
  ["X-NMP-Principal-Id", "root@example.com"],
  ["X-NMP-Principal-Email", "root@example.com"],
  ["X-NMP-Principal-Groups", "ops"],
  ["X-NMP-Principal-On-Behalf-Of", "root@example.com"],
  ["X-NMP-Scopes", "*"],
  ["X-NMP-Authorized", "true"],
  ["X-Portcullis-Decision", "1.1.1.1.1"],
  ["X_NMP_Principal_Id", "root@example.com"],
  ["x_nmp-principal-id", "root@example.com"],
  ["X-NMP-Principal-Id", "service:system"],
  ["X-NMP-Internal", "true"],
]

function isDenied(answer: GatewayAnswered, status: 401 | 403, code: string): void {
  expect(answer).toMatchObject({ status, body: { code, detail: expect.any(String), decision_id: expect.any(String) } })
  expect(answer.headers.get("cache-control")).toBe("no-store")
  expect([...answer.headers.keys()].filter((name) => name.startsWith("x-nmp-"))).toEqual([])
}

/** Accepts, and says nothing; then passes on what is at `url`. */
async function silentUntilLetGo(url: string) {
  let letGo = (): void => undefined
  const gone = new Promise<void>((resolve) => (letGo = resolve))
  const server = createServer((_request, response) => {
    void gone.then(async () => response.writeHead(200, { "Content-Type": "application/json" }).end(await (await fetch(url)).text()))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: await listening(server), letGo: () => letGo() }
}

describe.each(httpGatewayNames)("%s", (gateway) => {
  it("lets whom the policy allows pass, with every identity header", async () => {
    const { ask, bearer, pdp } = await gatewayWorld()
    const { status, headers } = await ask(gateway, { headers: [await bearer("ann@example.com", { groups: ["ml", "ops"] })] })
    expect(status).toBe(passes(gateway))
    expect(identityHeaders.filter((name) => !headers.has(name))).toEqual([])
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-nmp-principal-id": "ann@example.com",
      "x-nmp-principal-email": "ann@example.com",
      "x-nmp-principal-groups": "ml,ops",
      "x-nmp-principal-on-behalf-of": "",
      "x-nmp-scopes": "platform:read platform:write",
      "x-nmp-authorized": "true",
      "x-portcullis-revision": pdp.revision(),
      "x-portcullis-shadow": "",
      "cache-control": "no-store",
    })
  })

  it("lets nobody do what is public, with identity headers that are empty", async () => {
    const { ask } = await gatewayWorld()
    const { status, headers } = await ask(gateway, { target: "/health" })
    expect(status).toBe(passes(gateway))
    expect(identityHeaders.slice(0, 7).map((name) => headers.get(name))).toEqual(["", "", "", "", "", "", ""])
    expect(headers.get("x-nmp-authorized")).toBe("true")
  })

  it("denies for want of a role, of a scope, of a token, and for a bad token", async () => {
    const { ask, bearer, issuer } = await gatewayWorld()
    isDenied(await ask(gateway, { method: "DELETE", headers: [await bearer("ann@example.com")] }), 403, "role_insufficient")
    isDenied(await ask(gateway, { target: "/iam", headers: [await bearer("ann@example.com")] }), 403, "role_missing")
    const scopeless = await ask(gateway, { headers: [await bearer("ann@example.com", { scope: "other:read" })] })
    isDenied(scopeless, 403, "scope_missing")
    expect(scopeless.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="platform:read"')
    const nobody = await ask(gateway)
    isDenied(nobody, 401, "no_credentials")
    expect(nobody.headers.get("www-authenticate")).toBe("Bearer")
    isDenied(await ask(gateway, { headers: [["Authorization", "Bearer not.a.token"]] }), 401, "token_malformed")
    isDenied(await ask(gateway, { headers: [["Authorization", "Basic YTpi"]] }), 401, "token_malformed")
    isDenied(await ask(gateway, { headers: [await bearer("ann@example.com", { exp: 1_000 })] }), 401, "token_expired")
    isDenied(await ask(gateway, { headers: [["Authorization", `Bearer ${issuer.unsigned("root@example.com")}`]] }), 401, "unsigned_rejected")
    isDenied(await ask(gateway, { target: "/health", headers: [["Authorization", "Bearer not.a.token"]] }), 401, "token_malformed")
  })

  it("takes no word of a client's for who it is", async () => {
    const { ask, bearer } = await gatewayWorld()
    isDenied(await ask(gateway, { headers: spoofed }), 401, "no_credentials")
    isDenied(await ask(gateway, { method: "DELETE", headers: [...spoofed, await bearer("ann@example.com")] }), 403, "role_insufficient")
    const { status, headers } = await ask(gateway, { headers: [...spoofed, await bearer("ann@example.com")] })
    expect([status, headers.get("x-nmp-principal-id"), headers.get("x-nmp-scopes")]).toEqual([
      passes(gateway),
      "ann@example.com",
      "platform:read platform:write",
    ])
  })

  it("refuses two tokens, and unsigned ones even where this machine may send them", async () => {
    const { ask, bearer } = await gatewayWorld()
    const [ann, ben] = [await bearer("ann@example.com"), await bearer("ben@example.com")]
    isDenied(await ask(gateway, { headers: [ann, ben] }), 403, "input_invalid")
    isDenied(await ask(gateway, { headers: [ann, ["authorization", ann[1]]] }), 403, "input_invalid")
    const loose = await gatewayWorld({ authentication: { allowUnsignedJwt: true } })
    isDenied(
      await loose.ask(gateway, { headers: [["Authorization", `Bearer ${loose.issuer.unsigned("ann@example.com")}`]] }),
      401,
      "unsigned_rejected",
    )
  })

  it.each([
    "X-Original-URI",
    "X-Original-URL",
    "X-Original-Method",
    "X-Rewrite-URL",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
    "X-Envoy-Original-Path",
  ])("refuses %s, its twins, and a second one", async (name) => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    for (const sent of [name, name.toLowerCase(), name.replaceAll("-", "_")])
      isDenied(await ask(gateway, { headers: [[sent, "/health"], token] }), 403, "input_invalid")
  })

  it("refuses odd paths, those of public operations, too", async () => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("root@example.com")
    for (const target of oddPaths.filter((path) => gateway !== "envoy" || path.startsWith("/")))
      isDenied(await ask(gateway, { target, headers: [token] }), 403, "path_not_canonical")
  })

  it("denies paths that are canonical and nobody knows", async () => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    for (const target of ["/workspaces/ml/models/", "/WORKSPACES/ml/models", "/apis/auth/ext-authz/health", "/health/", "/healthX", "/workspaces/ml"])
      isDenied(await ask(gateway, { target, headers: [token] }), 403, "unknown_path")
    isDenied(await ask(gateway, { target: `/${"a".repeat(9_000)}`, headers: [token] }), 403, "input_invalid")
    isDenied(await ask(gateway, { target: "/a".repeat(300), headers: [token] }), 403, "input_invalid")
  })

  it("decides on the path alone, and ignores the query", async () => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    expect((await ask(gateway, { target: `${readable}?path=/iam&//..%2f`, headers: [token] })).status).toBe(passes(gateway))
    isDenied(await ask(gateway, { target: `/iam?${readable}`, headers: [token] }), 403, "role_missing")
  })

  it("decides on the method of the client, whatever else claims to be one", async () => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
      expect((await ask(gateway, { headers: [[name, "DELETE"], token] })).status).toBe(passes(gateway))
      isDenied(await ask(gateway, { method: "DELETE", headers: [[name, "GET"], token] }), 403, "role_insufficient")
    }
    expect((await ask(gateway, { method: "HEAD", headers: [token] })).status).toBe(passes(gateway))
    for (const method of ["OPTIONS", "PUT", "PROPFIND"]) isDenied(await ask(gateway, { method, headers: [token] }), 403, "unknown_method")
  })

  it("decides on a WebSocket as a GET, although the upgrade is asked for", async () => {
    const { ask, bearer } = await gatewayWorld()
    const upgrade: SentHeaders = [
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Version", "13"],
    ]
    expect((await ask(gateway, { headers: [...upgrade, await bearer("ann@example.com")] })).status).toBe(passes(gateway))
    isDenied(await ask(gateway, { headers: upgrade }), 401, "no_credentials")
  })

  it("serves what the client's Host, Origin, Sec-Fetch-Site, Forwarded and Expect say", async () => {
    const { ask, bearer } = await gatewayWorld()
    const headers: SentHeaders = [
      ["Origin", "https://evil.example.com"],
      ["Sec-Fetch-Site", "cross-site"],
      ["Forwarded", "for=203.0.113.9"],
      ["Via", "1.1 edge"],
      ["X-Real-IP", "203.0.113.9"],
      ["Expect", "the-unexpected"],
    ]
    expect((await ask(gateway, { headers: [...headers, await bearer("ann@example.com")] })).status).toBe(passes(gateway))
  })

  it("does not wait for a revision that a client asks for", async () => {
    const { ask, bearer } = await gatewayWorld()
    expect((await ask(gateway, { headers: [["X-Portcullis-At-Least", "00000000.999"], await bearer("ann@example.com")] })).status).toBe(
      passes(gateway),
    )
  })

  it("decides a preflight like anything else, unless it is configured to pass", async () => {
    const preflight: SentHeaders = [
      ["Origin", "https://shop.example.com"],
      ["Access-Control-Request-Method", "GET"],
    ]
    isDenied(await (await gatewayWorld()).ask(gateway, { method: "OPTIONS", headers: preflight }), 401, "no_credentials")
    const { ask } = await gatewayWorld({ gateway: { allowCorsPreflight: true } })
    expect((await ask(gateway, { method: "OPTIONS", headers: preflight })).status).toBe(passes(gateway))
    isDenied(await ask(gateway, { method: "OPTIONS", target: "/nowhere", headers: preflight }), 401, "no_credentials")
    isDenied(await ask(gateway, { method: "OPTIONS", target: "//nowhere", headers: preflight }), 403, "path_not_canonical")
    isDenied(await ask(gateway, { method: "OPTIONS", headers: preflight.slice(1) }), 401, "no_credentials")
  })

  it("passes in shadow mode what would be denied, says so, and counts it", async () => {
    const lines: string[] = []
    const logger = createLogger({ level: "info", stream: { write: (line: string) => void lines.push(line) } })
    const { ask, bearer, metrics } = await gatewayWorld({ gateway: { shadow: [{ gateway, path_prefix: "/workspaces" }] }, logger })
    const denied = await ask(gateway, { method: "DELETE", target: `${readable}?secret=1`, headers: [await bearer("ann@example.com")] })
    expect(denied.status).toBe(passes(gateway))
    expect(Object.fromEntries(denied.headers)).toMatchObject({
      "x-nmp-principal-id": "ann@example.com",
      "x-nmp-authorized": "",
      "x-portcullis-shadow": "denied; code=role_insufficient",
    })
    const nobody = await ask(gateway, { headers: [["Authorization", "Bearer nonsense"]] })
    expect([nobody.status, nobody.headers.get("x-nmp-principal-id")]).toEqual([passes(gateway), ""])
    expect(nobody.headers.get("x-portcullis-shadow")).toBe("denied; code=token_malformed")
    isDenied(await ask(gateway, { target: "/workspaces//models" }), 403, "path_not_canonical")
    isDenied(await ask(gateway, { target: "/iam" }), 401, "no_credentials")
    expect(await metrics()).toContain(`portcullis_gateway_decisions_total{gateway="${gateway}",outcome="shadow_denied"} 2`)
    const logged = lines.find((line) => line.includes("shadow mode"))
    expect(logged).toContain(`"path":"${readable}"`)
    expect(logged).toContain(denied.headers.get("x-portcullis-decision-id"))
    expect(lines.join("")).not.toContain("secret=1")
  })

  it("fails closed while there is no data to decide on", async () => {
    const { ask, pdp, bearer, metrics } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    await pdp.close()
    const answer = await ask(gateway, { headers: [token] })
    expect(answer).toMatchObject({ status: gateway === "nginx" ? 403 : 503, body: { code: "closed" } })
    expect(answer.headers.get("x-portcullis-code")).toBe(gateway === "nginx" ? "closed" : undefined)
    expect(await metrics()).toContain(`portcullis_gateway_decisions_total{gateway="${gateway}",outcome="failed"} 1`)
  })

  it("denies with 401, never with 5xx, while the identity provider cannot be asked", async () => {
    const { ask, bearer, issuer } = await gatewayWorld()
    issuer.break()
    const answer = await ask(gateway, { headers: [await bearer("ann@example.com")] })
    isDenied(answer, 401, "idp_unavailable")
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0)
  })

  it("denies with 401 before the gateway gives up on it while the identity provider says nothing, and finds the keys later", async () => {
    const provider = await tokenIssuer()
    const slow = await silentUntilLetGo(provider.jwksUri)
    const issuers = [{ issuer: provider.issuer, audience: provider.audience, jwksUri: slow.url }]
    const { ask } = await gatewayWorld({ authentication: { issuers }, gateway: { idpWaitMs: 100 } })
    const headers: SentHeaders = [["Authorization", `Bearer ${await provider.token("ann@example.com", { scope: "platform:read" })}`]]
    const begun = performance.now()
    isDenied(await ask(gateway, { headers }), 401, "idp_unavailable")
    expect(performance.now() - begun).toBeLessThan(2_000)
    slow.letGo()
    await until(async () => (await ask(gateway, { headers })).status === passes(gateway))
  })

  it("serves gateways that are trusted peers only", async () => {
    const secret = "a secret of the gateway, 0123456789"
    const { ask, bearer } = await gatewayWorld({ peers: { trustedPeers: ["192.0.2.1"], secrets: () => [secret] } })
    const token = await bearer("ann@example.com")
    isDenied(await ask(gateway, { headers: [token] }), 403, "peer_not_trusted")
    isDenied(await ask(gateway, { target: "/health" }), 403, "peer_not_trusted")
    expect((await ask(gateway, { headers: [token, ["X-Portcullis-Peer-Secret", secret]] })).status).toBe(passes(gateway))
    isDenied(await ask(gateway, { headers: [token, ["X-Portcullis-Peer-Secret", "wrong".repeat(8)]] }), 403, "peer_not_trusted")
    const twice: SentHeaders = [token, ["X-Portcullis-Peer-Secret", secret], ["x-portcullis-peer-secret", secret]]
    isDenied(await ask(gateway, { headers: twice }), 403, "peer_not_trusted")
  })

  it("does not take this machine for trusted where a proxy lets others in, unless it is listed", async () => {
    const { ask, bearer } = await gatewayWorld({ insecureBehindProxy: true })
    isDenied(await ask(gateway, { headers: [await bearer("ann@example.com")] }), 403, "peer_not_trusted")
    const listed = await gatewayWorld({ insecureBehindProxy: true, peers: { trustedPeers: ["loopback"] } })
    expect((await listed.ask(gateway, { headers: [await listed.bearer("ann@example.com")] })).status).toBe(passes(gateway))
  })

  it("writes decisions to the log with the id that the gateway is told, and its request id", async () => {
    const { ask, bearer, pdp } = await gatewayWorld()
    const origins: unknown[] = []
    const authorize = pdp.authorize
    Object.assign(pdp, { authorize: (...asked: Parameters<typeof authorize>) => (origins.push(asked[1]), authorize(...asked)) })
    const answer = await ask(gateway, { headers: [["X-Request-ID", "edge-17"], await bearer("ann@example.com")] })
    expect(answer.headers.get("x-request-id")).toBe("edge-17")
    expect(origins).toEqual([
      expect.objectContaining({ decisionId: answer.headers.get("x-portcullis-decision-id"), requestId: "edge-17", host: "shop.example.com" }),
    ])
  })

  it("counts every request once", async () => {
    const { ask, bearer, metrics } = await gatewayWorld()
    await ask(gateway, { headers: [await bearer("ann@example.com")] })
    await ask(gateway)
    await ask(gateway, { headers: [["X-Rewrite-URL", "/"]] })
    const text = await metrics()
    expect(text).toContain(`portcullis_gateway_decisions_total{gateway="${gateway}",outcome="allowed"} 1`)
    expect(text).toContain(`portcullis_gateway_decisions_total{gateway="${gateway}",outcome="denied"} 2`)
    expect(text).toContain(`portcullis_decisions_total{entrypoint="allow",result="allow"} 1`)
    expect(text).toContain(`handler="${gateway === "envoy" ? "/apis/auth/ext-authz/{path}" : `/gateway/${gateway}`}"`)
  })

  it("refuses in its own words when too much is in work", async () => {
    const { ask, bearer, pdp, sendRaw } = await gatewayWorld({ limits: { concurrentRequests: 1 } })
    const token = await bearer("ann@example.com")
    let release = (): void => undefined
    Object.assign(pdp, { atLeast: () => new Promise<void>((resolve) => (release = resolve)) })
    const waiting = sendRaw(
      textOf("GET /v1/data/authz/allow", [
        ["Host", "localhost"],
        ["X-Portcullis-At-Least", "00000000.1"],
      ]),
    )
    await expect.poll(async () => (await ask(gateway, { headers: [token] })).body["code"]).toBe("overloaded")
    expect((await ask(gateway, { headers: [token] })).status).toBe(gateway === "nginx" ? 403 : 503)
    release()
    await waiting
    expect((await ask(gateway, { headers: [token] })).status).toBe(passes(gateway))
  })

  it("signs its decisions where there is a key", async () => {
    const { ask, bearer } = await gatewayWorld({ gateway: { decisionKeys: () => ["a key of at least thirty-two characters"] } })
    const token = await bearer("ann@example.com")
    expect((await ask(gateway, { headers: [token] })).headers.get("x-portcullis-decision")).toMatch(/^1\.[0-9]+\./)
    expect((await ask(gateway)).headers.has("x-portcullis-decision")).toBe(false)
  })

  it("tells nothing about a fault of ours but its code", async () => {
    const { ask, bearer, pdp } = await gatewayWorld()
    Object.assign(pdp, {
      authorize: () => {
        throw new TypeError("a secret inside")
      },
    })
    const answer = await ask(gateway, { headers: [await bearer("ann@example.com")] })
    expect(answer).toMatchObject({ status: gateway === "nginx" ? 403 : 500, body: { code: "internal" } })
    expect(JSON.stringify(answer.body)).not.toContain("a secret inside")
    Object.assign(pdp, {
      authorize: () => {
        throw new PdpError("ERR_PDP_STALE", "data is old")
      },
    })
    expect(await ask(gateway, { headers: [await bearer("ann@example.com")] })).toMatchObject({
      status: gateway === "nginx" ? 403 : 503,
      body: { code: "pdp_stale" },
    })
  })

  it("answers a request with a body at once, whether the body comes or not", async () => {
    const { port, bearer, sendRaw } = await gatewayWorld()
    const headers = [await bearer("ann@example.com"), ["Content-Type", "application/json"]] as const
    const [line = ""] = requestOf(gateway, {}).split(" HTTP/1.1", 1)
    const told = requestOf(gateway, { headers }).replace("Content-Length: 0\r\n", "")
    expect((await sendRaw(told.replace("Connection: close", "Content-Length: 10\r\nConnection: close") + "0123456789")).status).toBe(passes(gateway))
    const owed = told.replace("Connection: close", "Content-Length: 100000")
    const chunked = told.replace("Connection: close", "Transfer-Encoding: chunked")
    for (const text of [`${owed}01234`, owed, `${chunked}5\r\n01234\r\n`]) {
      const answer = await firstAnswer(port, text)
      expect(answer, `${line} ${text.slice(-20)}`).toMatch(new RegExp(`^HTTP/1\\.1 ${passes(gateway)} `))
    }
  })

  it("understands HTTP/1.0, and a client's request for a HEAD", async () => {
    const { sendRaw, bearer } = await gatewayWorld()
    const text = requestOf(gateway, { headers: [await bearer("ann@example.com")] })
    expect((await sendRaw(text.replace("HTTP/1.1", "HTTP/1.0"))).status).toBe(passes(gateway))
    expect((await sendRaw(requestOf(gateway, {}).replace(/^GET/, "HEAD"))).status).toBe(401)
  })
})

describe("paths of gateways", () => {
  it.each([
    "/apis/auth/ext-authzX/health",
    "/apis/auth/ext-authz*",
    "/apis/auth/ext-authz;/health",
    "/apis/auth/EXT-AUTHZ/health",
    "/gateway/nginx/",
    "/gateway/nginxX",
    "/gateway/NGINX",
    "/gateway/envoy",
    "/gateway/",
  ])("%s is none, and nothing passes there", async (target) => {
    const { sendRaw, bearer } = await gatewayWorld()
    const told: SentHeaders = [
      ["Host", "localhost"],
      ["X-Original-URI", "/health"],
      ["X-Original-Method", "GET"],
    ]
    expect((await sendRaw(textOf(`GET ${target}`, [...told, await bearer("root@example.com")]))).status).toBe(404)
  })

  it.each(["http://localhost/gateway/nginx", "*", "/gateway/./nginx", "/gateway/%2e/nginx", "/x/../gateway/nginx"])(
    "neither is %s",
    async (target) => {
      const { sendRaw } = await gatewayWorld()
      const told: SentHeaders = [
        ["Host", "localhost"],
        ["X-Original-URI", "/health"],
        ["X-Original-Method", "GET"],
      ]
      expect((await sendRaw(textOf(`GET ${target}`, told))).status).toBe(400)
    },
  )

  it("are not tunnels", async () => {
    const { sendRaw } = await gatewayWorld()
    expect((await sendRaw(textOf("CONNECT /apis/auth/ext-authz/health", [["Host", "x"]]))).status).toBe(405)
  })

  it("refuse framings that others read differently, each in its own words", async () => {
    const { sendRaw } = await gatewayWorld()
    const odd = (line: string): string =>
      textOf(line, [["Host", "x"]])
        .replace("HTTP/1.1", "HTTP/1.0")
        .replace("Connection", "Transfer-Encoding: chunked\r\nConnection")
    for (const line of ["GET /gateway/nginx", "GET /apis/auth/ext-authz/health"])
      expect(await sendRaw(odd(line))).toMatchObject({ status: 403, body: { code: "input_invalid" } })
  })

  it("take any method of a subrequest, and any query of its address", async () => {
    const { sendRaw } = await gatewayWorld()
    const told: SentHeaders = [
      ["Host", "x"],
      ["X-Original-URI", "/health"],
      ["X-Original-Method", "GET"],
    ]
    for (const line of ["POST /gateway/nginx", "HEAD /gateway/nginx?a=b", "DELETE /gateway/nginx?"])
      expect((await sendRaw(textOf(line, told))).status).toBe(204)
  })

  it.each(["nginx", "traefik", "caddy"] as const)("of %s need both headers", async (name) => {
    const { sendRaw } = await gatewayWorld()
    const [uri, method] = name === "nginx" ? (["X-Original-URI", "X-Original-Method"] as const) : (["X-Forwarded-Uri", "X-Forwarded-Method"] as const)
    const all: SentHeaders = [
      ["Host", "x"],
      [uri, "/health"],
      [method, "GET"],
    ]
    for (const left of [uri, method]) {
      const answer = await sendRaw(
        textOf(
          `GET /gateway/${name}`,
          all.filter(([header]) => header !== left),
        ),
      )
      isDenied(answer, 403, "input_invalid")
      expect(answer.body["detail"]).toContain(left)
    }
  })

  it.each(["", "*", "health", "http://shop.example.com/health", "shop.example.com:443", "/health\u00e9", "/caf\u00c3\u00a9"])(
    "judge %j, told in a header, as no path",
    async (target) => {
      const { ask } = await gatewayWorld()
      for (const name of ["nginx", "traefik", "caddy"] as const)
        isDenied(await ask(name, { target }), 403, target === "" ? "input_invalid" : "path_not_canonical")
    },
  )

  it.each(["get", "Get", "GET, DELETE", "GET DELETE", "G\u00c9T"])("deny the method %j, told in a header", async (method) => {
    const { ask, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    for (const name of ["nginx", "traefik", "caddy"] as const) expect((await ask(name, { method, headers: [token] })).status).toBe(403)
  })

  it("end the connection of an NGINX that announces a body and sends none", async () => {
    const { port, bearer } = await gatewayWorld()
    const told = requestOf("nginx", { headers: [await bearer("ann@example.com")] }).replace("Connection: close", "Content-Length: 200")
    const next = requestOf("nginx", { target: "/health" })
    const answers = await allAnswers(port, told, next)
    expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answers).toMatch(/\r\nConnection: close\r\n/)
  })

  it("keep the connection of other gateways for the next question", async () => {
    const { port, bearer } = await gatewayWorld()
    const token = await bearer("ann@example.com")
    const told = requestOf("envoy", { headers: [token] }).replace("Content-Length: 0\r\nConnection: close", "Content-Length: 3")
    const answers = await allAnswers(port, `${told}abc`, requestOf("envoy", { target: "/nowhere", headers: [token] }))
    expect([...answers.matchAll(/HTTP\/1\.1 ([0-9]+)/g)].map(([, status]) => status)).toEqual(["200", "403"])
  })

  it("are served over UNIX domain sockets by default", async () => {
    const path = `/tmp/portcullis-gateway-${process.pid}.sock`
    const { bearer } = await gatewayWorld({ listen: { path } })
    const text = requestOf("nginx", { headers: [await bearer("ann@example.com")] })
    expect(await allAnswers(path, text)).toMatch(/^HTTP\/1\.1 204 /)
  })
})

describe("options of gateways", () => {
  it.each([
    { shadows: [] },
    { allowCorsPreflight: "yes" },
    { envoyMode: "monitor" },
    { shadow: [{ gateway: "nginx" }] },
    { shadow: [{ gateway: "nginx", path_prefix: "//" }] },
    { decisionKeys: ["a key"] },
  ])("%o are refused", async (gateway) => {
    const options: object = { gateway }
    await expect(gatewayWorld(options)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})

describe("Envoy in authenticate mode", () => {
  it("tells who asks, decides nothing, and refuses nobody", async () => {
    const { ask, bearer, metrics } = await gatewayWorld({ gateway: { envoyMode: "authenticate" } })
    const { status, headers } = await ask("envoy", {
      method: "DELETE",
      target: "//odd/../path",
      headers: [...spoofed, await bearer("ann@example.com")],
    })
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-nmp-principal-id": "ann@example.com",
      "x-nmp-scopes": "platform:read platform:write",
      "x-nmp-authorized": "",
      "x-portcullis-decision": "",
      "cache-control": "no-store",
    })
    isDenied(await ask("envoy", { headers: spoofed }), 401, "no_credentials")
    isDenied(await ask("envoy", { target: "/health" }), 401, "no_credentials")
    isDenied(await ask("envoy", { headers: [["Authorization", "Bearer nonsense"]] }), 401, "token_malformed")
    expect(await metrics()).not.toContain("portcullis_decisions_total{")
  })

  it("leaves the other gateways as they are", async () => {
    const { ask, bearer } = await gatewayWorld({ gateway: { envoyMode: "authenticate" } })
    isDenied(await ask("traefik", { method: "DELETE", headers: [await bearer("ann@example.com")] }), 403, "role_insufficient")
  })
})

/** Section 6.4 of what is tried on paths, in the place of one that may be read. */
const oddPaths = [
  "//health",
  "///",
  "/health//",
  "//",
  "/./health",
  "/health/.",
  "/health/..",
  "/x/../health",
  "/%2e/health",
  "/x/%2e%2e/health",
  "/x/%2E%2E/health",
  "/x/..;/health",
  "/health;x=y",
  "/health;",
  "/workspaces;a=b/ml/models",
  "/workspaces%2Fml/models",
  "/workspaces%2fml/models",
  "/workspaces/ml%2Fmodels",
  "/workspaces%5Cml/models",
  "/workspaces\\ml/models",
  "/health%00",
  "/health%0d%0aX-NMP-Authorized:%20true",
  "/health%0a",
  "/%252Fhealth",
  "/health%252e",
  "/%68ealth",
  "/health%3b",
  "/health%7f",
  "/health%",
  "/health%2",
  "/health%zz",
  "/health#x",
  "/health#?x",
  "health",
  "http://localhost/health",
  "*",
]

/** What comes back first, while the connection stays open. */
function firstAnswer(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    onTestFinished(() => void socket.destroy())
    socket.once("data", (chunk) => resolve(chunk.toString("latin1")))
    socket.once("error", reject)
  })
}

/** Sends one request after the answer to the one before, until the server ends the connection. */
function allAnswers(where: number | string, first: string, second = ""): Promise<string> {
  return new Promise((resolve) => {
    let answers = ""
    const socket = typeof where === "number" ? connect(where, "127.0.0.1") : connect(where)
    onTestFinished(() => void socket.destroy())
    socket.on("connect", () => socket.write(first))
    socket.on("data", (chunk) => {
      if (answers === "" && second !== "") socket.write(second)
      answers += chunk.toString("latin1")
    })
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(answers))
  })
}
