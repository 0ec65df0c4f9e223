import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { describe, expect, it } from "vitest"
import { fakeLogin, fakeToken, homeFolder, oauthError, storeLogin, tokenReply } from "../../fixtures/fake-login.js"
import { run } from "../../fixtures/terminal.js"

const away = "http://127.0.0.1:1"

describe("auth token", () => {
  it("prints the token and nothing else", async () => {
    const { homeFolder: home, store } = homeFolder()
    const accessToken = fakeToken()
    await storeLogin(store, away, { accessToken })
    expect(await run(["auth", "token", "--url", away], { homeFolder: home })).toEqual({ code: 0, out: `${accessToken}\n`, err: "" })
  })

  it("refreshes it first when less than five minutes are left, and says so on stderr", async () => {
    const fresh = fakeToken({ jti: "2" })
    const { url, to } = await fakeLogin({ token: () => tokenReply(fresh) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: Date.now() + 299_000 })
    const { code, out, err } = await run(["auth", "token", "--url", url], { homeFolder: home })
    expect({ code, out }).toEqual({ code: 0, out: `${fresh}\n` })
    expect(err).toContain("refreshed")
    expect(Object.fromEntries(to("/token")[0]?.form ?? [])).toMatchObject({ grant_type: "refresh_token", refresh_token: "refresh-secret-0" })
    expect((await store.read(url))?.tokens).toMatchObject({ accessToken: fresh, refreshToken: "refresh-secret-1" })
  })

  it("is good for what is left of it when the provider is away", async () => {
    const { homeFolder: home, store } = homeFolder()
    const accessToken = fakeToken()
    await store.write(away, {
      issuer: away,
      clientId: "c",
      tokenEndpoint: `${away}/token`,
      scopes: [],
      tokens: { accessToken, refreshToken: "r", expiresAt: Date.now() + 60_000 },
    })
    const { code, out, err } = await run(["auth", "token", "--url", away], { homeFolder: home })
    expect({ code, out }).toEqual({ code: 0, out: `${accessToken}\n` })
    expect(err).toContain(away)
  })

  it("is refreshed once by commands that run at the same time", async () => {
    const { url, to } = await fakeLogin({ token: (_, count) => tokenReply(fakeToken({ jti: String(count) })) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: Date.now() + 1_000 })
    const printed = await Promise.all(Array.from({ length: 5 }, () => run(["auth", "token", "--url", url], { homeFolder: home })))
    expect(to("/token")).toHaveLength(1)
    expect(new Set(printed.map(({ code, out }) => `${code} ${out}`)).size).toBe(1)
  })

  it("is printed as it is with --no-refresh, expired or not", async () => {
    const { homeFolder: home, store } = homeFolder()
    const accessToken = fakeToken()
    await storeLogin(store, away, { accessToken, expiresAt: 1 })
    const { code, out, err } = await run(["auth", "token", "--url", away, "--no-refresh"], { homeFolder: home })
    expect({ code, out }).toEqual({ code: 0, out: `${accessToken}\n` })
    expect(err).toContain("expired")
  })

  it("that has ended and cannot be refreshed is an error that says how to log in", async () => {
    const { url } = await fakeLogin({ token: () => oauthError("invalid_grant") })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { expiresAt: 1 })
    const { code, out, err } = await run(["auth", "token", "--url", url], { homeFolder: home })
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain("portcullis auth login")
    expect(err).not.toContain("refresh-secret")
  })

  it("is that of PORTCULLIS_TOKEN when it is set", async () => {
    expect(await run(["auth", "token"], { ...homeFolder(), environment: { PORTCULLIS_TOKEN: "a.b.c" } })).toMatchObject({ code: 0, out: "a.b.c\n" })
  })

  it.each(["Bearer a.b.c", "a b", "ä"])("is no token when PORTCULLIS_TOKEN is '%s', which is not shown", async (text) => {
    const { code, out, err } = await run(["auth", "token"], { ...homeFolder(), environment: { PORTCULLIS_TOKEN: text } })
    expect({ code, out }).toEqual({ code: 2, out: "" })
    expect(err).not.toContain(text)
  })

  it("is not there when nobody is logged in", async () => {
    const { code, out, err } = await run(["auth", "token", "--url", away], homeFolder())
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain(`portcullis auth login --url ${away}`)
  })

  it("is shown decoded, header and claims, with --decode", async () => {
    const environment = { PORTCULLIS_TOKEN: fakeToken({ scope: "platform:read" }) }
    const { out } = await run(["auth", "token", "--decode"], { ...homeFolder(), environment })
    expect(JSON.parse(out)).toMatchObject({ header: { alg: "RS256" }, claims: { sub: "ann@example.com", scope: "platform:read" } })
  })

  it("that is no JWT cannot be decoded", async () => {
    const { code, err } = await run(["auth", "token", "--decode"], { ...homeFolder(), environment: { PORTCULLIS_TOKEN: "opaque-secret" } })
    expect(code).toBe(1)
    expect(err).not.toContain("opaque-secret")
  })
})

describe("auth refresh", () => {
  it("gets a new token whatever is left of the old one", async () => {
    const fresh = fakeToken({ jti: "2" })
    const { url } = await fakeLogin({ token: () => tokenReply(fresh) })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url)
    const { code, out } = await run(["auth", "refresh", "--url", url], { homeFolder: home })
    expect({ code, stored: (await store.read(url))?.tokens.accessToken }).toEqual({ code: 0, stored: fresh })
    expect(out).toMatch(/59 m \d+ s left/)
    expect(out).not.toContain(fresh)
  })

  it.each([
    ["the provider refuses", "refresh-secret-0"],
    ["there is no refresh token", undefined],
  ])("is an error when %s, and keeps the old one", async (_, refreshToken) => {
    const { url } = await fakeLogin({ token: () => oauthError("invalid_grant") })
    const { homeFolder: home, store } = homeFolder()
    const accessToken = fakeToken()
    const tokens = { accessToken, expiresAt: Date.now() + 3_600_000, ...(refreshToken !== undefined && { refreshToken }) }
    await store.write(url, { issuer: url, clientId: "c", tokenEndpoint: `${url}/token`, scopes: [], tokens })
    expect((await run(["auth", "refresh", "--url", url], { homeFolder: home })).code).toBe(1)
    expect((await store.read(url))?.tokens.accessToken).toBe(accessToken)
  })

  it("is an error when nobody is logged in", async () => {
    expect((await run(["auth", "refresh", "--url", away], homeFolder())).code).toBe(1)
  })
})

describe("auth logout", () => {
  it("forgets this sidecar's login, and no other, while the sidecar is away", async () => {
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, away)
    await storeLogin(store, "https://other.example.com")
    const { code, out } = await run(["auth", "logout", "--url", `${away}/`], { homeFolder: home })
    expect({ code, out }).toEqual({ code: 0, out: `Logged out of ${away}\n` })
    expect([await store.read(away), (await store.read("https://other.example.com"))?.clientId]).toEqual([undefined, "portcullis-cli"])
    expect((await run(["auth", "logout", "--url", away], { homeFolder: home })).out).toContain("Nobody was logged in")
  })

  it("forgets all of them with --all, and a file that cannot be read", async () => {
    const { homeFolder: home, store } = homeFolder()
    mkdirSync(dirname(store.file), { recursive: true })
    writeFileSync(store.file, "{ broken", { mode: 0o600 })
    expect((await run(["auth", "logout", "--url", away], { homeFolder: home })).code).toBe(78)
    expect((await run(["auth", "logout", "--all"], { homeFolder: home })).code).toBe(0)
    expect(existsSync(store.file)).toBe(false)
    expect((await run(["auth", "logout", "--all", "--url", away], { homeFolder: home })).code).toBe(2)
  })

  it("warns that PORTCULLIS_TOKEN is still set", async () => {
    const { err } = await run(["auth", "logout"], { ...homeFolder(), environment: { PORTCULLIS_TOKEN: "secret-1" } })
    expect(err).toContain("PORTCULLIS_TOKEN")
    expect(err).not.toContain("secret-1")
  })

  it("keeps logins where XDG_CONFIG_HOME says, unless that is relative", async () => {
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, away)
    expect((await run(["auth", "token", "--url", away], { homeFolder: home, environment: { XDG_CONFIG_HOME: "x" } })).code).toBe(0)
    expect((await run(["auth", "token", "--url", away], { environment: { XDG_CONFIG_HOME: `${home}/.config` } })).code).toBe(0)
    expect((await run(["auth", "token", "--url", away], { homeFolder: home, environment: { XDG_CONFIG_HOME: "/nowhere" } })).code).toBe(1)
  })
})
