import { afterAll, describe, expect, it } from "vitest"
import { authentication, authenticationReasons, type AuthenticationOptions, type Trust } from "../../../src/authn/index.js"
import { signed, startTestIssuer, testKey } from "../../fixtures/test-issuer.js"

const key = await testKey("ES256", "one")
const server = await startTestIssuer([key.jwk])
const issuers = [{ issuer: server.issuer, audience: "api" }]
const now = Math.floor(Date.now() / 1_000)
const token = await signed(key, { iss: server.issuer, aud: "api", sub: "u-1", email: "ann@example.com", iat: now, exp: now + 300 })
const bearer = { Authorization: `Bearer ${token}` }
const header = { "X-NMP-Principal-Id": "ann@example.com" }
const rejected = { code: "ERR_UNAUTHENTICATED", reason: "principal_header_rejected" }
afterAll(() => server.stop())

function ask(options: AuthenticationOptions, trust: Trust, headers: Readonly<Record<string, string>>) {
  return authentication(options).authenticate({ rawHeaders: Object.entries(headers).flat(), trust })
}

describe("the principal header", () => {
  it.each<[string, AuthenticationOptions, Trust]>([
    ["a listed peer, without issuers", {}, "listed"],
    ["a listed peer, with issuers", { issuers }, "listed"],
    ["a peer on this machine, without issuers", {}, "local"],
    ["a peer on this machine, while authentication is off", { issuers, enabled: false }, "local"],
    ["a listed peer, while authentication is off", { enabled: false }, "listed"],
  ])("is believed of %s", async (_name, options, trust) => {
    expect(await ask(options, trust, header)).toMatchObject({ principal: { id: "ann@example.com" }, proof: "principal_headers" })
  })

  it.each<[string, AuthenticationOptions, Trust, RegExp]>([
    ["anybody, without issuers", {}, "none", /trusted_peers/],
    ["anybody, with issuers", { issuers }, "none", /log in.*trusted_peers/],
    ["a peer on this machine, with issuers", { issuers }, "local", /log in.*trusted_peers/],
    ["anybody, while authentication is off", { issuers, enabled: false }, "none", /trusted_peers/],
  ])("is refused of %s, with what to do", async (_name, options, trust, remedy) => {
    await expect(ask(options, trust, header)).rejects.toMatchObject({ ...rejected, message: expect.stringMatching(remedy) })
  })

  it("has the prefix that is configured, in messages too", async () => {
    const options = { headerPrefix: "X-Acme-" }
    expect(await ask(options, "local", header)).toMatchObject({ proof: "none" })
    expect(await ask(options, "local", { "X-Acme-Principal-Id": "u-1" })).toMatchObject({ principal: { id: "u-1" } })
    const refusal = ask(options, "none", { "X-Acme-Principal-Id": "u-1" })
    await expect(refusal).rejects.toMatchObject({ ...rejected, message: expect.stringContaining("X-Acme-Principal-Id") })
  })
})

describe("a bearer token", () => {
  it.each<Trust>(["none", "local", "listed"])("is verified whoever sends it: %s", async (trust) => {
    expect(await ask({ issuers }, trust, bearer)).toMatchObject({ principal: { id: "u-1" }, proof: "verified_token" })
  })

  it("goes before a principal header that would not be believed", async () => {
    for (const trust of ["none", "local"] as const)
      expect(await ask({ issuers }, trust, { ...bearer, "X-NMP-Principal-Id": "root" })).toMatchObject({ principal: { id: "u-1" } })
  })

  it("must name the same principal as a header that would be believed", async () => {
    for (const same of ["u-1", "ann@example.com"])
      expect(await ask({ issuers }, "listed", { ...bearer, "X-NMP-Principal-Id": same })).toMatchObject({ proof: "verified_token" })
    const refusal = ask({ issuers }, "listed", { ...bearer, "X-NMP-Principal-Id": "root" })
    await expect(refusal).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", reason: "principal_mismatch" })
  })

  it("is not looked at while authentication is off", async () => {
    expect(await ask({ issuers, enabled: false }, "local", { ...header, Authorization: "Basic YTpi" })).toMatchObject({ proof: "principal_headers" })
    expect(await ask({ issuers, enabled: false }, "local", bearer)).toMatchObject({ proof: "none" })
  })

  it("is refused while no issuer is configured", async () => {
    await expect(ask({}, "listed", bearer)).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "bearer_not_configured" })
  })

  it("may be unsigned beside issuers where that is allowed", async () => {
    const claims = Buffer.from(JSON.stringify({ sub: "u-2", iat: now, exp: now + 60 })).toString("base64url")
    const unsigned = { Authorization: `Bearer eyJhbGciOiJub25lIn0.${claims}.` }
    expect(await ask({ issuers, allowUnsignedJwt: true }, "local", unsigned)).toMatchObject({ proof: "unsigned_token" })
    await expect(ask({ issuers, allowUnsignedJwt: true }, "none", unsigned)).rejects.toMatchObject({ reason: "unsigned_rejected" })
  })
})

describe("options of authentication", () => {
  const one = { issuer: "https://idp.example", audience: "api" }

  it.each<[string, object]>([
    ["issuer", { issuers: [{ issuer: "https://idp.example" }] }],
    ["twice", { issuers: [one, { ...one, audience: "other" }] }],
    ["plain HTTP", { issuers: [{ ...one, issuer: "http://idp.example" }] }],
    ["plain HTTP", { issuers: [{ ...one, jwksUri: "http://idp.example/keys" }] }],
    ["not a URL", { issuers: [{ ...one, issuer: "idp" }] }],
    ["metadata", { issuers: [{ ...one, jwksUri: "https://169.254.169.254/keys" }] }],
    ["issuers.0.issuer", { issuers: [{ issuer: "", audience: "api" }] }],
    ["issuers.0.emailDomains.0", { issuers: [{ ...one, emailDomains: ["ann@example.com"] }] }],
    ["issuers.0", { issuers: [{ ...one, audiences: [] }] }],
    ["headerPrefix", { headerPrefix: "X_NMP" }],
    ["headerPrefix", { headerPrefix: "" }],
    ["leewaySeconds", { leewaySeconds: -1 }],
    ["leewaySeconds", { leewaySeconds: 86_400 }],
    ["jwksCacheSeconds", { jwksCacheSeconds: 0 }],
    ["tokenCacheEntries", { tokenCacheEntries: 1.5 }],
    ["onProblem", { onProblem: "log" }],
    ["issuers", { issuer: [] }],
  ])("name what is wrong: %s", (named, options) => {
    const invalid = { code: "ERR_CONFIG_INVALID", message: expect.stringContaining(named) }
    expect(() => authentication(options)).toThrow(expect.objectContaining(invalid))
  })

  it("let an issuer be no URL whose keys are elsewhere", () => {
    const sut = authentication({ issuers: [{ issuer: "urn:our-idp", clientId: "cli", jwksUri: "https://idp.example/keys" }] })
    expect(sut.issuers()).toEqual([{ issuer: "urn:our-idp", keys: 0 }])
  })
})

describe("every reason", () => {
  it.each(Object.entries(authenticationReasons))("%s says in one line what is wrong and what to do", (_reason, { meaning, remedy }) => {
    expect(meaning).toMatch(/^[a-z][^;\n"]+$/)
    expect(remedy).toMatch(/^[a-z][^\n"]+$/)
  })
})
