import { existsSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ann, fakeLogin, fakeToken, homeFolder, oauthError, storeLogin, tokenReply } from "../../fixtures/fake-login.js"
import { run } from "../../fixtures/terminal.js"

const screen = { showsProgress: true, environment: { DISPLAY: ":0" } } as const
const pending = oauthError("authorization_pending")

describe("auth login by browser", () => {
  it("prints page and code, waits, stores what the sidecar accepts, and says who it is", async () => {
    const token = fakeToken()
    const { url, to } = await fakeLogin({ token: (_, count) => (count < 3 ? pending : tokenReply(token)) })
    const { homeFolder: home, store } = homeFolder()
    const { code, out, err } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, reads: await store.read(url) }).toMatchObject({
      code: 0,
      reads: {
        issuer: url,
        clientId: "portcullis-cli",
        tokenEndpoint: `${url}/token`,
        tokens: { accessToken: token, refreshToken: "refresh-secret-1" },
      },
    })
    expect(statSync(store.file).mode & 0o777).toBe(0o600)
    expect(err).toMatch(/^ {4}http:\/\/127\.0\.0\.1:\d+\/verify$/m)
    expect(err).toMatch(/^ {4}ABCD-EFGH$/m)
    expect(out).toMatch(/^As +ann@example\.com$/m)
    expect(out).toMatch(/^Scopes +platform:read platform:write$/m)
    expect(out).toMatch(/^Expires +\S+ \(59 m \d+ s left\)$/m)
    expect(to("/device")[0]?.form.get("scope")).toBe("openid offline_access platform:read platform:write")
    expect(to("/token").map(({ form }) => form.get("device_code"))).toEqual(["device-secret", "device-secret", "device-secret"])
    expect(to("/apis/auth/authenticate")[0]?.headers.authorization).toBe(`Bearer ${token}`)
    for (const secret of [token, "refresh-secret-1", "device-secret"]) expect(`${out}${err}`).not.toContain(secret)
  })

  it("answers programs in JSON", async () => {
    const { url } = await fakeLogin()
    const { out } = await run(["auth", "login", "--url", url, "--output", "json"], homeFolder())
    expect(JSON.parse(out)).toMatchObject({ sidecar: url, issuer: url, principal: "ann@example.com", scopes: ann.scopes, refreshable: true })
  })

  it("asks for the scopes that are named, and those without a colon", async () => {
    const { url, to } = await fakeLogin()
    await run(["auth", "login", "--url", url, "--scope", "platform:read models:read", "--scope", "data:read,data:write"], homeFolder())
    expect(to("/device")[0]?.form.get("scope")).toBe("openid offline_access platform:read models:read data:read data:write")
  })

  it.each([
    ["a screen", [], screen, ["?user_code=ABCD-EFGH"]],
    ["--no-browser", ["--no-browser"], screen, []],
    ["no terminal", [], { environment: { DISPLAY: ":0" } }, []],
    ["a terminal without a screen", [], { showsProgress: true }, []],
  ] as const)("with %s opens what is due", async (_, flags, terminal, opened) => {
    const { url } = await fakeLogin()
    const pages: string[] = []
    const openPage = async (page: string): Promise<void> => void pages.push(page)
    await run(["auth", "login", "--url", url, ...flags], { ...homeFolder(), ...terminal, openPage })
    expect(pages).toEqual(opened.map((query) => `${url}/verify${query}`))
  })

  it("goes on where no browser can be opened", async () => {
    const { url } = await fakeLogin({ token: (_, count) => (count < 3 ? pending : tokenReply(fakeToken())) })
    const openPage = (): Promise<void> => Promise.reject(new Error("no browser here"))
    const { code, err } = await run(["auth", "login", "--url", url], { ...homeFolder(), ...screen, openPage })
    expect(code).toBe(0)
    expect(err).toContain("no browser here")
  })

  it.each([
    [true, /\r[^\r\n]*10 m 0 s left/],
    [false, /^[^\r]*$/],
  ])("says how much time is left only on a terminal: %s", async (showsProgress, words) => {
    const { url } = await fakeLogin()
    const { err } = await run(["auth", "login", "--url", url, "--no-browser"], { ...homeFolder(), showsProgress, now: () => 1_800_000_000_000 })
    expect(err).toMatch(words)
  })

  it("asks less often when the provider says so", async () => {
    const { url } = await fakeLogin({
      token: (_, count) => (count === 1 ? oauthError("slow_down") : count === 2 ? pending : tokenReply(fakeToken())),
    })
    const pauses: number[] = []
    await run(["auth", "login", "--url", url], { ...homeFolder(), pause: async (ms) => void pauses.push(ms) })
    expect(pauses).toEqual([5_000, 10_000, 10_000])
  })

  it("gives up when the code expires", async () => {
    const { url } = await fakeLogin({ token: () => pending })
    let now = Date.now()
    const { homeFolder: home, store } = homeFolder()
    const clock = { now: () => now, pause: async (ms: number): Promise<void> => void (now += ms * 20) }
    const { code } = await run(["auth", "login", "--url", url], { homeFolder: home, ...clock })
    expect({ code, stored: await store.read(url) }).toEqual({ code: 1, stored: undefined })
  })

  it("ends when it is interrupted, and stores nothing", async () => {
    const { url, to } = await fakeLogin({ token: () => pending })
    const { homeFolder: home, store } = homeFolder()
    let stop = (): void => {}
    const pause = async (): Promise<void> => (to("/token").length < 2 ? undefined : (stop(), new Promise(() => {})))
    const { code, out, err } = await run(["auth", "login", "--url", url], { homeFolder: home, pause, onStop: (callback) => (stop = callback) })
    expect({ code, out, stored: existsSync(store.file) }).toEqual({ code: 1, out: "", stored: false })
    expect(err).toContain("nothing is stored")
  })
})

describe("auth login", () => {
  it.each([
    ["access_denied", oauthError("access_denied", "not today"), /access_denied/],
    ["invalid_scope", oauthError("invalid_scope", "AADSTS70011: scope \u001b[31mx"), /AADSTS70011/],
  ])("that the provider refuses (%s) is an error, and stores nothing", async (_, reply, words) => {
    const { url } = await fakeLogin({ token: () => reply })
    const { homeFolder: home, store } = homeFolder()
    const { code, out, err } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, out, stored: await store.read(url) }).toEqual({ code: 1, out: "", stored: undefined })
    expect(err).toMatch(words)
    expect(err).not.toContain("\u001b[31m")
  })

  it("wants every scope granted that it asked for", async () => {
    const { url } = await fakeLogin({ token: () => tokenReply(fakeToken(), { scope: "openid platform:read" }) })
    const { homeFolder: home, store } = homeFolder()
    const { code, err } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, stored: await store.read(url) }).toEqual({ code: 1, stored: undefined })
    expect(err).toContain("platform:write")
  })

  it("says at once why the sidecar does not accept the new token, and stores nothing", async () => {
    const token = fakeToken()
    const refused = { status: 401, body: { detail: "the audience does not fit", code: "audience_mismatch" } }
    const { url } = await fakeLogin({ token: () => tokenReply(token), authenticate: () => refused })
    const { homeFolder: home, store } = homeFolder()
    const { code, out, err } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, out, stored: await store.read(url) }).toEqual({ code: 1, out: "", stored: undefined })
    expect(err).toMatch(/audience_mismatch: the audience does not fit\n[^]*portcullis doctor --url http/)
    expect(err).not.toContain(token)
  })

  it("says what the token holds and what is due when the audience does not fit", async () => {
    const { url } = await fakeLogin({
      token: () => tokenReply(fakeToken({ aud: "portcullis" })),
      authenticate: () => ({
        status: 401,
        body: { detail: "the token is for another audience", code: "audience_mismatch", expected_audience: "other" },
      }),
    })
    const { err } = await run(["auth", "login", "--url", url], homeFolder())
    expect(err).toContain("aud is 'portcullis', due is 'other'")
    expect(err).toContain("set auth.oidc.audience to 'portcullis', or request a token for 'other'")
  })

  it.each([
    [
      "another issuer",
      "https://idp.example.com/",
      /names the issuer 'https:\/\/idp\.example\.com\/'.*set auth\.oidc\.issuer to 'https:\/\/idp\.example\.com\/'/,
    ],
    ["no issuer", undefined, /is no discovery document/],
  ])("says why the sidecar names no endpoint when the discovery document names %s", async (_, issuer, words) => {
    const { url } = await fakeLogin({ oidc: { token_endpoint: undefined }, api: () => ({ status: 200, body: { issuer } }) })
    const { code, err } = await run(["auth", "login", "--url", url], homeFolder())
    expect(code).toBe(1)
    expect(err).toMatch(words)
  })

  it("that is interrupted says that the earlier login stays", async () => {
    const { url, to } = await fakeLogin({ token: () => pending })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    let stop = (): void => {}
    const pause = async (): Promise<void> => (to("/token").length < 1 ? undefined : (stop(), new Promise(() => {})))
    const { err } = await run(["auth", "login", "--url", url], { homeFolder: home, pause, onStop: (callback) => (stop = callback) })
    expect(err).toContain("the earlier login stays")
    expect(await store.read(url)).toBeDefined()
  })

  it("is stored when the sidecar cannot tell, which is said", async () => {
    const { url } = await fakeLogin({ authenticate: () => ({ status: 503, body: { detail: "no keys yet", code: "idp_unavailable" } }) })
    const { homeFolder: home, store } = homeFolder()
    const { code, err } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, stored: (await store.read(url))?.issuer }).toEqual({ code: 0, stored: url })
    expect(err).toContain("idp_unavailable: no keys yet")
  })

  it("finds out that logins cannot be kept before anybody logs in", async () => {
    const { url, to } = await fakeLogin()
    const { homeFolder: home } = homeFolder()
    writeFileSync(join(home, ".config"), "a file")
    const { code } = await run(["auth", "login", "--url", url], { homeFolder: home })
    expect({ code, asked: to("/device").length }).toEqual({ code: 1, asked: 0 })
  })

  it("has nothing to do where nobody looks at logins", async () => {
    const { url, to } = await fakeLogin({ authEnabled: false, oidc: null })
    const { code, err } = await run(["auth", "login", "--url", url], homeFolder())
    expect({ code, asked: to("/device").length }).toEqual({ code: 0, asked: 0 })
    expect(err).toContain("auth.enabled")
  })

  it.each([
    ["auth.oidc.issuer", null, []],
    ["auth.oidc.token_endpoint", { token_endpoint: undefined }, []],
    ["auth.oidc.device_authorization_endpoint", { device_authorization_endpoint: undefined }, []],
    ["auth.oidc.token_endpoint", { token_endpoint: undefined }, ["--username", "ann", "--password", "p"]],
  ])("names %s where it is missing", async (key, oidc, flags) => {
    const { url } = await fakeLogin({ oidc })
    const { code, out, err } = await run(["auth", "login", "--url", url, ...flags], homeFolder())
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain(key)
  })

  it("does not ask a sidecar whose answer could be changed on its way", async () => {
    const { code, err } = await run(["auth", "login", "--url", "http://portcullis.example.com"], homeFolder())
    expect(code).toBe(78)
    expect(err).toContain("https")
  })

  it("says that a sidecar is away", async () => {
    const { code, err } = await run(["auth", "login", "--url", "http://127.0.0.1:1"], homeFolder())
    expect(code).toBe(1)
    expect(err).toContain("127.0.0.1:1")
  })

  it.each(["PORTCULLIS_TOKEN", "PORTCULLIS_PRINCIPAL"])("says that %s comes first", async (name) => {
    const { url } = await fakeLogin()
    const { err } = await run(["auth", "login", "--url", url], { ...homeFolder(), environment: { [name]: "x" } })
    expect(err).toContain(`${name} is set`)
  })
})

it("a command below auth that there is not is no other one", async () => {
  const { code, err } = await run(["auth", "bogus"])
  expect(code).toBe(2)
  expect(err).not.toContain("Did you mean")
})

describe("auth login by password", () => {
  const environment = { PORTCULLIS_OIDC_USERNAME: "ann", PORTCULLIS_OIDC_PASSWORD: "s3cret pass" }
  it.each([
    ["environment", [], { environment }],
    ["standard input", ["--username", "ann", "--password-stdin"], { input: async () => "s3cret pass\n" }],
    ["flags", ["--username", "ann", "--password", "s3cret pass"], {}],
  ])("takes it from %s, shows it nowhere, and says first where it goes", async (_, flags, terminal) => {
    let said = ""
    let saidBefore = ""
    const reply = (): ReturnType<typeof tokenReply> => {
      saidBefore = said
      return tokenReply(fakeToken())
    }
    const { url, to } = await fakeLogin({ token: reply })
    const err = (text: string): void => void (said += text)
    const { code, out } = await run(["auth", "login", "--url", url, ...flags], { ...homeFolder(), ...terminal, err })
    expect(code).toBe(0)
    expect(Object.fromEntries(to("/token")[0]?.form ?? [])).toMatchObject({ grant_type: "password", username: "ann", password: "s3cret pass" })
    expect(saidBefore).toContain(`Logging in to ${url} with ${url}`)
    expect(`${out}${said}`).not.toContain("s3cret")
  })

  it("names the host that gets it, where that is another one", async () => {
    const { url } = await fakeLogin({ oidc: { issuer: "https://idp.example.com" } })
    const { err } = await run(["auth", "login", "--url", url, "--username", "ann", "--password", "p"], homeFolder())
    expect(err).toContain(`with https://idp.example.com, as client portcullis-cli, at ${new URL(url).host}\n`)
  })

  it.each([
    [["--username", "ann"], {}],
    [["--password-stdin"], {}],
    [["--password", "p"], {}],
    [["--username", "ann", "--password", "p", "--password-stdin"], {}],
    [[], { PORTCULLIS_OIDC_USERNAME: "ann" }],
    [[], { PORTCULLIS_OIDC_PASSWORD: "p" }],
  ])("is wrong usage with %j and %j", async (flags, variables) => {
    const { url, calls } = await fakeLogin()
    const { code } = await run(["auth", "login", "--url", url, ...flags], { ...homeFolder(), environment: variables })
    expect({ code, calls: calls.length }).toEqual({ code: 2, calls: 0 })
  })

  it("tells of a wrong one", async () => {
    const { url } = await fakeLogin({ token: () => oauthError("invalid_grant", "Invalid user credentials") })
    const { code, err } = await run(["auth", "login", "--url", url, "--username", "ann", "--password", "wr0ng"], homeFolder())
    expect(code).toBe(1)
    expect(err).not.toContain("wr0ng")
  })
})
