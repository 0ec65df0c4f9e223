import { describe, expect, it, onTestFinished } from "vitest"
import { createPdp, memorySource, type RoleBinding } from "../../src/index.js"
import type { ServerOptions } from "../../src/server/index.js"
import { checkBorder } from "../../src/server/border.js"
import { createLogger } from "../../src/telemetry/index.js"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { knock, type DoorAnswer, type DoorQuestion } from "../fixtures/doors.js"
import { json, keysPath, metadataPath, signed, startTestIssuer, testKey, text } from "../fixtures/test-issuer.js"
import { testServer } from "../fixtures/test-server.js"

const question = { input: { principal_id: "ann", method: "GET", path: "/x" } }
const pdp = { method: "POST", path: "/apis/auth/v2/authz/allow", body: question }
const opa = { method: "POST", path: "/v1/data/authz/allow", body: question }
const bundles = ["/bundles/authz.tar.gz", "/apis/auth/v2/iam/opa-bundle.tar.gz", "/internal/iam/opa-bundle.tar.gz"]
const workspaces = "/apis/entities/v2/workspaces"
const me = "/apis/auth/authenticate"

const secret = "a-secret-of-more-than-16-characters"
const listed = { "X-Portcullis-Peer-Secret": secret }
const forwarded = { "X-Forwarded-For": "10.0.0.1" }
const asService = { "X-NMP-Principal-Id": "service:opa" }
const asPerson = { "X-NMP-Principal-Id": "ann@example.com" }
const peers = { secrets: () => [secret] }

/** On loopback; beyond it, behind a proxy. */
const places = { loopback: { peers }, beyond: { peers, insecureBehindProxy: true } } as const

const oneStatus = ({ status, code }: DoorAnswer): string => (typeof code === "string" ? `${status} ${code}` : String(status))

async function tried(options: Partial<ServerOptions>, questions: readonly DoorQuestion[]): Promise<readonly string[]> {
  const { port } = await testServer(options)
  return Promise.all(questions.map(async (asked) => oneStatus(await knock({ port, ...asked }))))
}

describe("who may call", () => {
  const anybody = { plain: "200", forwarded: "200", listed: "200", listedForwarded: "200" }
  const machine = { ...anybody, forwarded: "403 forwarded_not_trusted" }
  const trustedPeers = { ...machine, plain: "403 peer_not_trusted" }
  const rights = { plain: "401 no_credentials", forwarded: "401 no_credentials", listed: "401 no_credentials", listedForwarded: "401 no_credentials" }
  const opaPeers = { ...trustedPeers, plain: "403 unauthorized", forwarded: "403 unauthorized" }

  it.each<[keyof typeof places, DoorQuestion, typeof anybody]>([
    ...["/health", "/health/live", "/health/ready", "/openapi.json", "/apis/auth/discovery"].flatMap(
      (path): [keyof typeof places, DoorQuestion, typeof anybody][] => [
        ["loopback", { path }, anybody],
        ["beyond", { path }, anybody],
      ],
    ),
    ...["/status", "/metrics"].flatMap((path): [keyof typeof places, DoorQuestion, typeof anybody][] => [
      ["loopback", { path }, machine],
      ["beyond", { path }, trustedPeers],
    ]),
    ...[...bundles, me].flatMap((path): [keyof typeof places, DoorQuestion, typeof anybody][] => [
      ["loopback", { path }, rights],
      ["beyond", { path }, rights],
    ]),
    ["loopback", pdp, machine],
    ["beyond", pdp, trustedPeers],
    ["loopback", opa, { ...machine, forwarded: "403 unauthorized" }],
    ["beyond", opa, opaPeers],
  ])("without naming themselves, %s: %o", async (place, asked, expected) => {
    const [plain, proxied, bySecret, both] = await tried(places[place], [
      asked,
      { ...asked, headers: forwarded },
      { ...asked, headers: listed },
      { ...asked, headers: { ...listed, ...forwarded } },
    ])
    expect({ plain, forwarded: proxied, listed: bySecret, listedForwarded: both }).toEqual(expected)
  })

  it.each<[keyof typeof places, Readonly<Record<string, string>>, string, string]>([
    ["loopback", {}, "200", "403 role_missing"],
    ["loopback", forwarded, "401 principal_header_rejected", "401 principal_header_rejected"],
    ["loopback", { ...forwarded, ...listed }, "200", "403 role_missing"],
    ["beyond", {}, "401 principal_header_rejected", "401 principal_header_rejected"],
    ["beyond", listed, "200", "403 role_missing"],
  ])("for a bundle, %s with %j: a service %s, a person %s", async (place, headers, service, person) => {
    const asked = bundles.flatMap((path) => [asService, asPerson].map((who) => ({ path, headers: { ...headers, ...who } })))
    expect(await tried(places[place], asked)).toEqual(bundles.flatMap(() => [service, person]))
  })

  it("in the nemo profile: only services among trusted peers ask for decisions", async () => {
    const asked = (headers: Readonly<Record<string, string>>) => ({ ...pdp, headers })
    const questions = [asked({}), asked(asPerson), asked(asService), asked({ ...asService, ...forwarded }), asked({ ...asService, ...listed })]
    expect(await tried({ peers, profile: "nemo" }, questions)).toEqual([
      "401 not_authenticated",
      "403 caller_kind",
      "200",
      "403 forwarded_not_trusted",
      "200",
    ])
    expect(await tried({ ...places.beyond, profile: "nemo" }, questions)).toEqual([
      ...["403 peer_not_trusted", "403 peer_not_trusted", "403 peer_not_trusted"],
      ...["403 forwarded_not_trusted", "200"],
    ])
    const prefixed = { peers, profile: "nemo", authentication: { headerPrefix: "X-Acme-" } } as const
    expect(await tried(prefixed, [asked(asService), asked({ "X-Acme-Principal-Id": "service:a" })])).toEqual(["401 not_authenticated", "200"])
  })

  it("without the entries that the default has when trusted_peers is empty", async () => {
    expect(await tried({ peers: { trustedPeers: [] } }, [pdp, { path: bundles[0], headers: asService }, { path: "/status" }])).toEqual([
      "403 peer_not_trusted",
      "401 principal_header_rejected",
      "200",
    ])
  })

  it("the administration: who says so is believed on loopback, and beyond it as a trusted peer only", async () => {
    const statuses = async (options: Partial<ServerOptions>, headers: Readonly<Record<string, string>>) => {
      const { send } = await administeredServer(options)
      const { status, body } = await send("GET", workspaces, { as: root, headers })
      return body["code"] === undefined ? String(status) : `${status} ${String(body["code"])}`
    }
    expect(await statuses(places.loopback, {})).toBe("200")
    expect(await statuses(places.loopback, forwarded)).toBe("401 principal_header_rejected")
    expect(await statuses(places.beyond, {})).toBe("401 principal_header_rejected")
    expect(await statuses(places.beyond, listed)).toBe("200")
    expect(await statuses({ peers: { trustedPeers: ["127.0.0.1"] } }, forwarded)).toBe("200")
  })

  it("nobody more for a Host or an Origin that is not ours, whatever else they send", async () => {
    const strange = [{ Host: "evil.example" }, { Origin: "https://evil.example" }].map((header) => ({ ...pdp, headers: { ...listed, ...header } }))
    expect(await tried(places.beyond, strange)).toEqual(["421 host_not_allowed", "403 origin_not_allowed"])
    expect(await tried({ ...places.beyond, allowedHosts: ["pdp.example"] }, [{ ...pdp, headers: { ...listed, Host: "pdp.example" } }])).toEqual([
      "200",
    ])
  })

  it("answers 500, and goes on, when the peer secrets cannot be read", async () => {
    let isBroken = true
    const secrets = () => {
      if (isBroken) throw new Error("gone")
      return [secret]
    }
    const { port } = await testServer({ peers: { secrets } })
    for (const asked of [pdp, opa, { path: "/status" }])
      expect((await knock({ port, ...asked, headers: { ...listed, ...forwarded } })).status).toBe(500)
    isBroken = false
    expect((await knock({ port, ...pdp, headers: { ...listed, ...forwarded } })).status).toBe(200)
  })
})

describe("the Host of a connection", () => {
  it.each([
    ["10.0.0.5", "10.0.0.5:8443", undefined],
    ["10.0.0.5", "10.0.0.5", undefined],
    ["::ffff:10.0.0.5", "10.0.0.5:8443", undefined],
    ["2001:db8::1", "[2001:db8::1]:8443", undefined],
    ["10.0.0.5", "10.0.0.6", 421],
    ["2001:db8::1", "2001:db8::1", 421],
    ["10.0.0.5", "evil.example", 421],
    [undefined, "", 421],
  ])("to %s may be %s: %s", (localAddress, host, status) => {
    const request = { url: "/health", httpVersion: "1.1", headers: { host }, rawHeaders: ["Host", host], socket: { localAddress } }
    const rules = { allowedHosts: new Set<string>(), allowedOrigins: new Set<string>() }
    expect(Reflect.apply(checkBorder, undefined, [request, rules])?.status).toBe(status)
  })
})

describe("a bundle", () => {
  const bindings: readonly RoleBinding[] = [
    { principal: "root@example.com", workspace: "system", role: "PlatformAdmin" },
    { principal: "ann@example.com", workspace: "system", role: "WorkspaceCreator" },
  ]

  async function serving(options: Partial<ServerOptions> = {}) {
    const source = memorySource(bindings)
    const decisions = await createPdp({ source })
    onTestFinished(() => decisions.close())
    const { port } = await testServer({ pdp: decisions, ...options })
    const fetched = async (headers: Readonly<Record<string, string>>) => oneStatus(await knock({ port, path: "/bundles/authz.tar.gz", headers }))
    return { source, decisions, fetched, port }
  }

  it("is for who holds iam.bundle.read in system: a service, a PlatformAdmin", async () => {
    const { fetched } = await serving()
    expect(await fetched(asService)).toBe("200")
    expect(await fetched({ "X-NMP-Principal-Id": "root@example.com" })).toBe("200")
    expect(await fetched(asPerson)).toBe("403 role_insufficient")
    expect(await fetched({ "X-NMP-Principal-Id": "zoe@example.com" })).toBe("403 role_missing")
    expect(await fetched({ "X-NMP-Principal-Id": "root@example.com", "X-NMP-Scopes": "entities:read" })).toBe("403 scope_missing")
    expect(await fetched({})).toBe("401 no_credentials")
  })

  it("is asked for again once the caller has waited", async () => {
    const { fetched, source, decisions } = await serving()
    const [epoch, sequence = ""] = decisions.revision().split(".")
    const wanted = { "X-Portcullis-At-Least": `${epoch}.${Number(sequence) + 1}` }
    const waiting = fetched({ "X-NMP-Principal-Id": "root@example.com", ...wanted })
    const service = fetched({ ...asService, ...wanted })
    await expect.poll(() => fetched(asService)).toBe("200")
    source.remove({ principal: "root@example.com", workspace: "system", role: "PlatformAdmin" })
    await decisions.refresh()
    expect(await Promise.all([waiting, service])).toEqual(["403 role_missing", "200"])
  })

  it("is not waited for by those who have no right to it", async () => {
    const { fetched, decisions } = await serving({ limits: { atLeastSeconds: 300 } })
    const [epoch] = decisions.revision().split(".")
    expect(await fetched({ ...asPerson, "X-Portcullis-At-Least": `${epoch}.999` })).toBe("403 role_insufficient")
  })

  it("of a policy of your own is not there, and that is for trusted peers to know", async () => {
    const decisions = await createPdp({ policy: { wasm: "examples/own-policy/policy.wasm", data: {} } })
    onTestFinished(() => decisions.close())
    const { port } = await testServer({ pdp: decisions })
    expect(oneStatus(await knock({ port, path: "/bundles/authz.tar.gz" }))).toBe("503 pdp_not_ready")
    expect(oneStatus(await knock({ port, path: "/bundles/authz.tar.gz", headers: forwarded }))).toBe("403 forwarded_not_trusted")
  })
})

describe("a bearer token", () => {
  async function serving(options: Partial<ServerOptions> = {}) {
    const [key, foreign] = [await testKey("ES256", "one"), await testKey("ES256", "one")]
    const idp = await startTestIssuer([key.jwk])
    onTestFinished(idp.stop)
    const lines: string[] = []
    const logger = createLogger({ level: "debug", stream: { write: (line) => void lines.push(line) } })
    const authentication = { issuers: [{ issuer: idp.issuer, audience: "portcullis" }], jwksCooldownSeconds: 0 }
    const server = await administeredServer({ ...places.beyond, authentication, logger, ...options })
    const now = Math.floor(Date.now() / 1_000)
    const claims = { iss: idp.issuer, aud: "portcullis", sub: root, email: root, iat: now, exp: now + 600, scope: "platform:read platform:write" }
    const sent: string[] = []
    const tokenOf = async (more: Readonly<Record<string, unknown>> = {}, by = key) => {
      const token = await signed(by, { ...claims, ...more })
      sent.push(token)
      return token
    }
    const get = async (path: string, token: string, headers: Readonly<Record<string, string>> = {}) =>
      knock({ port: server.port, path, headers: { ...headers, Authorization: `Bearer ${token}` } })
    return { ...server, idp, lines, sent, now, foreign, tokenOf, get }
  }

  it("proves who asks, to whoever asks, through proxies too", async () => {
    const { tokenOf, get } = await serving()
    const answer = await get(me, await tokenOf({ groups: ["ops"] }), forwarded)
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { principal: root, email: root, groups: ["ops"], proof: "verified_token" }])
    expect(await get(workspaces, await tokenOf())).toMatchObject({ status: 200 })
    for (const path of bundles) expect(await get(path, await tokenOf())).toMatchObject({ status: 200 })
    expect(await get(bundles[0] ?? "", await tokenOf({ sub: "ann", email: "ann@example.com" }))).toMatchObject({
      status: 403,
      code: "role_insufficient",
    })
  })

  it("does not make the server wait for a revision, unless a trusted peer sends it", async () => {
    const { tokenOf, get, pdp: decisions } = await serving({ limits: { atLeastSeconds: 300 } })
    const [epoch] = decisions.revision().split(".")
    const wanted = { "X-Portcullis-At-Least": `${epoch}.999999` }
    expect(await get(bundles[0] ?? "", await tokenOf(), wanted)).toMatchObject({ status: 503, code: "revision_timeout" })
    expect(await get(workspaces, await tokenOf(), wanted)).toMatchObject({ status: 503, code: "revision_timeout" })
  })

  it("asks for no more than its scopes", async () => {
    const { tokenOf, get } = await serving()
    const answer = await get(workspaces, await tokenOf({ scope: "openid" }))
    expect([answer.status, answer.code, answer.headers["www-authenticate"]]).toEqual([
      403,
      "scope_missing",
      'Bearer error="insufficient_scope", scope="entities:read platform:read"',
    ])
    expect(await get(bundles[0] ?? "", await tokenOf({ scope: "openid" }))).toMatchObject({ status: 403, code: "scope_missing" })
  })

  it("that is refused says why, in the code and in WWW-Authenticate, and is quoted nowhere", async () => {
    const { tokenOf, get, now, foreign, lines, sent } = await serving()
    for (const [code, token] of [
      ["token_expired", await tokenOf({ exp: now - 600, iat: now - 1_200 })],
      ["audience_mismatch", await tokenOf({ aud: "another" })],
      ["issuer_mismatch", await tokenOf({ iss: "https://other.example" })],
      ["signature_invalid", await tokenOf({}, foreign)],
      ["token_malformed", "malformed-and-long-enough.to-be-recognised-by.everybody-who-quotes-it"],
    ] as const)
      for (const path of [me, workspaces, bundles[0] ?? ""]) {
        const answer = await get(path, token)
        expect([path, answer.status, answer.code, answer.headers["www-authenticate"], answer.headers["x-should-retry"]]).toEqual([
          path,
          401,
          code,
          expect.stringMatching(new RegExp(`^Bearer error="invalid_token", error_description="${code}: [^"]+"$`)),
          "false",
        ])
        for (const part of [...sent, token].flatMap((one) => one.split("."))) expect(answer.text + lines.join("")).not.toContain(part)
      }
  })

  it("that is refused for its audience or issuer says what was due, and nothing of what it says", async () => {
    const { tokenOf, get } = await serving()
    const due = async (claims: Readonly<Record<string, unknown>>): Promise<unknown> => JSON.parse((await get(me, await tokenOf(claims))).text)
    const { iss } = JSON.parse(Buffer.from((await tokenOf()).split(".")[1] ?? "", "base64url").toString())
    expect(await due({ aud: "another" })).toEqual({ detail: expect.any(String), code: "audience_mismatch", expected_audience: "portcullis" })
    expect(await due({ iss: "https://other.example" })).toEqual({
      detail: expect.any(String),
      code: "issuer_mismatch",
      expected_issuers: [iss],
    })
    expect(await due({ exp: 1, iat: 0 })).toEqual({ detail: expect.any(String), code: "token_expired" })
  })

  it("is the way in with OIDC on: a header of this machine is no more", async () => {
    const { port, tokenOf, get } = await serving({ insecureBehindProxy: false })
    const header = await knock({ port, path: workspaces, headers: { "X-NMP-Principal-Id": root } })
    expect([header.status, header.code, header.headers["www-authenticate"]]).toEqual([401, "principal_header_rejected", "Bearer"])
    expect(await knock({ port, path: workspaces, headers: { "X-NMP-Principal-Id": root, ...listed } })).toMatchObject({ status: 200 })
    expect(await get(me, await tokenOf(), { "X-NMP-Principal-Id": "ann@example.com", ...listed })).toMatchObject({
      status: 400,
      code: "principal_mismatch",
    })
    expect(await get(me, await tokenOf(), { "X-NMP-Principal-Id": "ann@example.com" })).toMatchObject({ status: 200 })
    expect(await knock({ port, ...pdp })).toMatchObject({ status: 200 })
  })

  it("is answered 503 with Retry-After while its keys cannot be had, and status says so", async () => {
    const { idp, tokenOf, get, port, lines } = await serving()
    idp.answer(keysPath, text("{}", 500))
    for (const path of [me, workspaces, bundles[0] ?? ""]) {
      const answer = await get(path, await tokenOf())
      expect([answer.status, answer.code, answer.headers["retry-after"]]).toEqual([503, "idp_unavailable", "1"])
    }
    const shown = JSON.parse((await knock({ port, path: "/status", headers: listed })).text)
    expect(shown.issuers).toEqual([{ issuer: idp.issuer, keys: 0, lastError: expect.any(String) }])
    expect(lines.join("")).toContain("an issuer of tokens could not be asked")
    idp.answer(keysPath, undefined)
    expect(await get(me, await tokenOf())).toMatchObject({ status: 200 })
    const later = JSON.parse((await knock({ port, path: "/status", headers: listed })).text)
    expect(later.issuers).toEqual([{ issuer: idp.issuer, keys: 1, ageSeconds: expect.any(Number) }])
  })
})

describe("an identity provider that hangs", () => {
  const limits = { concurrentRequests: 2 }

  it("keeps nobody from decisions, however many tokens wait for its keys, and is asked again after jwksCooldownSeconds", async () => {
    const idp = await startTestIssuer()
    onTestFinished(idp.stop)
    idp.answer(keysPath, () => {})
    const authentication = { issuers: [{ issuer: idp.issuer, audience: "portcullis" }], jwksCooldownSeconds: 7 }
    const { port } = await testServer({ authentication, limits })
    const seconds = Date.now() / 1_000
    const claims = { iss: idp.issuer, aud: "portcullis", sub: "ann", iat: seconds, exp: seconds + 60 }
    const headers = { Authorization: `Bearer ${await signed(await testKey("ES256", "unknown"), claims)}` }
    const waiting = Array.from({ length: 5 }, () => knock({ port, path: me, headers }))
    await expect.poll(() => idp.requests(keysPath)).toBe(1)
    for (let at = 0; at < 3; at++) expect(await knock({ port, ...pdp })).toMatchObject({ status: 200 })
    await idp.stop()
    for (const { status, code, headers: sent } of await Promise.all(waiting))
      expect([status, code, sent["retry-after"]]).toEqual([503, "idp_unavailable", "7"])
    expect(await knock({ port, ...pdp })).toMatchObject({ status: 200 })
  })

  it("keeps nobody from decisions, however many ask how to log in", async () => {
    const idp = await startTestIssuer()
    onTestFinished(idp.stop)
    idp.answer(metadataPath, () => {})
    const oidc = { issuer: idp.issuer, clientId: "cli", defaultScopes: "openid" }
    const { port } = await testServer({ discovery: { authEnabled: true, oidc }, limits })
    const waiting = Array.from({ length: 5 }, () => knock({ port, path: "/apis/auth/discovery" }))
    await expect.poll(() => idp.requests(metadataPath)).toBe(1)
    for (let at = 0; at < 3; at++) expect(await knock({ port, ...pdp })).toMatchObject({ status: 200 })
    await idp.stop()
    for (const { status, text: answered } of await Promise.all(waiting)) expect([status, JSON.parse(answered).oidc.issuer]).toEqual([200, idp.issuer])
  })
})

describe("how to log in", () => {
  it("is told to everybody, from the provider's own document, and without it from what is configured", async () => {
    const idp = await startTestIssuer()
    onTestFinished(idp.stop)
    const document = {
      issuer: idp.issuer,
      jwks_uri: `${idp.issuer}/keys`,
      token_endpoint: `${idp.issuer}/token`,
      device_authorization_endpoint: `${idp.issuer}/device`,
    }
    idp.answer("/.well-known/openid-configuration", json(document))
    const oidc = {
      issuer: idp.issuer,
      clientId: "portcullis-cli",
      defaultScopes: "openid platform:read",
      deviceAuthorizationEndpoint: "https://login.example/device",
    }
    const { port } = await testServer({ ...places.beyond, discovery: { authEnabled: true, oidc } })
    const known = {
      issuer: idp.issuer,
      client_id: "portcullis-cli",
      default_scopes: "openid platform:read",
      device_authorization_endpoint: "https://login.example/device",
    }
    const discovered = await knock({ port, path: "/apis/auth/discovery", headers: forwarded })
    expect(JSON.parse(discovered.text)).toEqual({ auth_enabled: true, oidc: { ...known, token_endpoint: document.token_endpoint } })
    await idp.stop()
    const alone = await testServer({ discovery: { authEnabled: true, oidc } })
    expect(JSON.parse((await knock({ port: alone.port, path: "/apis/auth/discovery" })).text)).toEqual({ auth_enabled: true, oidc: known })
  })

  it("is told to be nowhere without a provider", async () => {
    const open = await testServer({ authentication: { enabled: false } })
    expect(JSON.parse((await knock({ port: open.port, path: "/apis/auth/discovery" })).text)).toEqual({ auth_enabled: false, oidc: null })
  })
})
