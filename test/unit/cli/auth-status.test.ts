import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { ann, fakeLogin, fakeToken, homeFolder, oauthError, storeLogin, tokenReply } from "../../fixtures/fake-login.js"
import { run } from "../../fixtures/terminal.js"

const refused = { status: 401, body: { detail: "the token has expired", code: "token_expired" } }

describe("auth status", () => {
  it("shows who is logged in, until when, and what the sidecar says", async () => {
    const { url, to } = await fakeLogin()
    const { homeFolder: home, store } = homeFolder()
    const accessToken = fakeToken()
    await storeLogin(store, url, { accessToken })
    const { code, out, err } = await run(["auth", "status", "--url", url], { homeFolder: home })
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["Sidecar", url],
      ["Auth enabled", "yes"],
      ["Issuer", url],
      ["Auth type", "login (OIDC)"],
      ["Credential source", "stored login"],
      ["Credentials file", store.file],
      ["E-mail", "ann@example.com"],
      ["Principal", "ann@example.com"],
      ["Scopes", "platform:read platform:write"],
      ["Groups", "ml"],
      ["Expires", expect.stringMatching(/\(59 m \d+ s left\)$/)],
      ["Refresh token", "yes"],
      ["Token", "at+jwt, RS256, key k1"],
      ["Sidecar says", "accepted"],
      [""],
    ])
    expect(to("/apis/auth/authenticate")[0]?.headers.authorization).toBe(`Bearer ${accessToken}`)
    for (const part of [...accessToken.split("."), "refresh-secret-0"]) expect(out).not.toContain(part)
  })

  it("says the same in JSON and YAML", async () => {
    const { url } = await fakeLogin()
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    const at = { homeFolder: home, now: () => Date.parse("2026-01-01T00:00:00Z") }
    const json = await run(["auth", "status", "--url", url, "-o", "json"], at)
    const yaml = await run(["auth", "status", "--url", url, "-o", "yaml"], at)
    expect(JSON.parse(json.out)).toMatchObject({
      valid: true,
      auth_type: "oidc",
      principal: ann.principal,
      groups: ["ml"],
      accepted: true,
      notes: [],
    })
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out))
  })

  it("says to programs what a token would have to be for, and of whom", async () => {
    const body = { detail: "no", code: "issuer_mismatch", expected_issuers: ["https://idp.example"] }
    const { url } = await fakeLogin({ authenticate: () => ({ status: 401, body }) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    const { out } = await run(["auth", "status", "--url", url, "-o", "json"], { homeFolder: home })
    expect(JSON.parse(out)).toMatchObject({ accepted: false, expected_issuers: ["https://idp.example"], expected_audience: null })
  })

  it("says that nobody is logged in, and how to: exit 1", async () => {
    const { url } = await fakeLogin()
    const { code, out } = await run(["auth", "status", "--url", url], homeFolder())
    expect(code).toBe(1)
    expect(out).toMatch(/^Credential source +none$/m)
    expect(out).toContain(`portcullis auth login --url ${url}`)
  })

  it("shows what the token says where the sidecar is away, and that it is away", async () => {
    const { homeFolder: home, store } = homeFolder()
    const url = "http://127.0.0.1:1"
    await storeLogin(store, url, { accessToken: fakeToken({ upn: "Ann@Example.com", oid: "o-1", groups: ["ops"] }), scopes: ["platform:read"] })
    const { code, out } = await run(["auth", "status", "--url", url], { homeFolder: home })
    expect(code).toBe(0)
    expect(out).toMatch(/^Auth enabled +unknown$/m)
    expect(out).toMatch(/^E-mail \(token\) +Ann@Example\.com$/m)
    expect(out).toMatch(/^Principal \(token\) +o-1$/m)
    expect(out).toMatch(/^Scopes \(token\) +platform:read$/m)
    expect(out).toMatch(/^Groups \(token\) +ops$/m)
    expect(out).toMatch(/^Sidecar says +cannot ask http:\/\/127\.0\.0\.1:1/m)
  })

  it("refreshes what is about to expire, unless it is told not to", async () => {
    const { url, to } = await fakeLogin({ token: () => tokenReply(fakeToken()) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: Date.now() + 200_000 })
    expect((await run(["auth", "status", "--url", url, "--no-refresh"], { homeFolder: home })).out).toMatch(/^Expires .*\(3 m \d+ s left\)$/m)
    expect(to("/token")).toHaveLength(0)
    expect((await run(["auth", "status", "--url", url], { homeFolder: home })).out).toMatch(/^Expires .*\(59 m \d+ s left\)$/m)
    expect(to("/token")).toHaveLength(1)
  })

  it("shows a login that has ended, and why it cannot be refreshed: exit 1", async () => {
    const { url } = await fakeLogin({ token: () => oauthError("invalid_grant", "Session not active"), authenticate: () => refused })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: Date.now() - 1_000 })
    const { code, out } = await run(["auth", "status", "--url", url], { homeFolder: home })
    expect(code).toBe(1)
    expect(out).toMatch(/^Expires +EXPIRED/m)
    expect(out).toMatch(/^Sidecar says +token_expired: the token has expired$/m)
    expect(out).toMatch(/^Note .*Session not active/m)
  })

  it("says that an expired one is no good where the sidecar is away", async () => {
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, "http://127.0.0.1:1", { expiresAt: Date.now() - 1_000 })
    expect((await run(["auth", "status", "--url", "http://127.0.0.1:1", "--no-refresh"], { homeFolder: home })).code).toBe(1)
  })

  it("shows no e-mail address that the sidecar does not see, and says which claim holds one", async () => {
    const { url } = await fakeLogin({ authenticate: () => ({ status: 200, body: { ...ann, principal: "o-1", email: null } }) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { accessToken: fakeToken({ email: undefined, upn: "Ann@Example.com" }) })
    const { out } = await run(["auth", "status", "--url", url], { homeFolder: home })
    expect(out).not.toMatch(/^E-mail/m)
    expect(out).toMatch(/^Principal +o-1$/m)
    expect(out).toMatch(/^Note +the sidecar sees no e-mail address.*auth\.oidc\.email_claim to upn$/m)
  })

  it("that is not to refresh says that the next command does", async () => {
    const { url } = await fakeLogin({ authenticate: () => refused })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: Date.now() - 1_000 })
    const { out } = await run(["auth", "status", "--no-refresh", "--url", url], { homeFolder: home })
    expect(out).toMatch(/^Note +the next command refreshes it/m)
    expect(out).not.toContain("log in again")
  })

  it("proposes no refresh of PORTCULLIS_TOKEN", async () => {
    const detail = "the token has expired; log in again with 'portcullis auth login', or run 'portcullis auth refresh'"
    const { url } = await fakeLogin({ authenticate: () => ({ status: 401, body: { detail, code: "token_expired" } }) })
    const environment = { PORTCULLIS_TOKEN: fakeToken({ exp: 1 }) }
    const { out } = await run(["auth", "status", "--url", url], { ...homeFolder(), environment })
    expect(out).toContain("set PORTCULLIS_TOKEN to a new token")
    expect(out).not.toContain("auth refresh")
  })

  it("names the sidecars with a login when this one has none", async () => {
    const { url } = await fakeLogin()
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, "http://localhost:1")
    expect((await run(["auth", "status", "--url", url], { homeFolder: home })).out).toMatch(/^Note +there is a login for http:\/\/localhost:1$/m)
    expect((await run(["auth", "token", "--url", url], { homeFolder: home })).err).toContain("There is a login for http://localhost:1")
    expect((await run(["workspaces", "list", "--url", url], { homeFolder: home })).err).toContain("There is a login for http://localhost:1")
  })

  it.each([
    [{ environment: { PORTCULLIS_TOKEN: fakeToken() } }, [], "PORTCULLIS_TOKEN", "bearer token"],
    [{ environment: { PORTCULLIS_PRINCIPAL: "ben" } }, [], "PORTCULLIS_PRINCIPAL", "principal header"],
    [{}, ["--as", "ben"], "--as", "principal header"],
  ])("says that %j %j comes before the stored login", async (terminal, flags, source, type) => {
    const { url } = await fakeLogin()
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    const { code, out } = await run(["auth", "status", "--url", url, ...flags], { homeFolder: home, ...terminal })
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Credential source +${source}$`, "m"))
    expect(out).toMatch(new RegExp(`^Auth type +${type}$`, "m"))
    expect(out).toContain(`${source} comes before the stored login`)
  })

  it("warns of a token that nobody has signed, and of a sidecar that does not look at tokens", async () => {
    const { url } = await fakeLogin({ authEnabled: false, oidc: null })
    const environment = { PORTCULLIS_TOKEN: fakeToken({}, { alg: "none", kid: undefined, typ: "JWT" }) }
    const { out } = await run(["auth", "status", "--url", url], { ...homeFolder(), environment })
    expect(out).toMatch(/^Token +JWT, none$/m)
    expect(out).toMatch(/^Note +nobody has signed this token/m)
    expect(out).toMatch(/^Auth enabled +no$/m)
  })

  it("says that the sidecar has changed its provider", async () => {
    const { url } = await fakeLogin({ oidc: { issuer: "https://new.example.com" } })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    expect((await run(["auth", "status", "--url", url], { homeFolder: home })).out).toMatch(/^Note .*https:\/\/new\.example\.com/m)
  })

  it("shows an end that no calendar reaches", async () => {
    const { url } = await fakeLogin()
    const { code, out } = await run(["auth", "status", "--url", url], {
      ...homeFolder(),
      environment: { PORTCULLIS_TOKEN: fakeToken({ exp: 1e300 }) },
    })
    expect(code).toBe(0)
    expect(out).toMatch(/^Expires +\+275760-09-13/m)
  })

  it("shows a token that is no JWT as such", async () => {
    const { url } = await fakeLogin()
    const { out } = await run(["auth", "status", "--url", url], { ...homeFolder(), environment: { PORTCULLIS_TOKEN: "opaque-secret" } })
    expect(out).toMatch(/^Token +not a JWT$/m)
    expect(out).not.toContain("opaque")
  })
})
