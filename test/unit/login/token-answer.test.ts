import { describe, expect, it } from "vitest"
import { passwordLogin, refreshLogin, type LoginHooks } from "../../../src/login/index.js"
import { providerAt, scriptedIdp, type IdpScript } from "../../fixtures/scripted-idp.js"

const good = { access_token: "access-1", token_type: "Bearer" }
const jwt = (claims: object): string =>
  `${[{ alg: "RS256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.c2ln`

async function loggedIn(answer: IdpScript, hooks: LoginHooks = { now: () => 1_000 }) {
  const idp = await scriptedIdp(answer)
  const provider = { ...providerAt(idp), scopePrefix: "api://portcullis" }
  return { idp, tokens: passwordLogin(provider, ["openid", "api://portcullis/platform:read"], { username: "ann", password: "correct horse" }, hooks) }
}

describe("the answer to a login", () => {
  it("is asked for with the name and the password, in the body", async () => {
    const { idp, tokens } = await loggedIn({ body: good })
    expect(await tokens).toEqual({ accessToken: "access-1" })
    expect(idp.asked).toEqual([
      {
        path: "/token",
        form: {
          grant_type: "password",
          client_id: "portcullis-cli",
          scope: "openid api://portcullis/platform:read",
          username: "ann",
          password: "correct horse",
        },
        type: "application/x-www-form-urlencoded",
      },
    ])
  })

  it.each([
    [{ token_type: "bearer" }, {}],
    [{ token_type: "BEARER", refresh_token: null, scope: null, expires_in: null }, {}],
    [{ expires_in: 60 }, { expiresAt: 61_000 }],
    [{ expires_in: "60" }, { expiresAt: 61_000 }],
    [{ expires_in: "soon" }, {}],
    [{ expires_in: -1 }, {}],
    [{ refresh_token: "r" }, { refreshToken: "r" }],
    [{ scope: "openid  api://portcullis/platform:read" }, { scopes: ["openid", "platform:read"] }],
    [{ scope: "" }, { scopes: [] }],
    [{ access_token: jwt({ exp: 77 }) }, { accessToken: jwt({ exp: 77 }), expiresAt: 77_000 }],
    [
      { access_token: jwt({ exp: 77 }), expires_in: 60 },
      { accessToken: jwt({ exp: 77 }), expiresAt: 61_000 },
    ],
    [{ access_token: jwt({ exp: "77" }) }, { accessToken: jwt({ exp: "77" }) }],
  ])("may hold %j", async (more, expected) => {
    const { tokens } = await loggedIn({ body: { ...good, ...more } })
    expect(await tokens).toEqual({ accessToken: "access-1", ...expected })
  })

  it.each([
    [{ token_type: "DPoP" }],
    [{ token_type: undefined }],
    [{ access_token: undefined }],
    [{ access_token: "" }],
    [{ access_token: "a b" }],
    [{ access_token: "a\r\nX-Header: 1" }],
    [{ refresh_token: 1 }],
    [{ scope: ["openid"] }],
  ])("is no use with %j, and the error names URL and status", async (more) => {
    const { idp, tokens } = await loggedIn({ body: { ...good, ...more } })
    const place = `${idp.origin}/token`
    await expect(tokens).rejects.toMatchObject({
      code: "ERR_IDP_UNAVAILABLE",
      reason: "idp_unavailable",
      message: expect.stringContaining(`${place} answered 200`),
      details: { url: place, status: 200 },
    })
  })

  const html = { "content-type": "text/html" }
  it.each<readonly [string, IdpScript, number]>([
    ["a page", { text: "<!doctype html><title>Sign in</title>", headers: html }, 200],
    ["a page of a proxy", { status: 502, text: "<html>Bad Gateway</html>", headers: html }, 502],
    ["a page that says it is JSON", { text: "<html>" }, 200],
    ["nothing", { text: "" }, 200],
    ["nothing, with 204", { status: 204 }, 204],
    ["an array", { body: [good] }, 200],
    ["a text", { body: "access-1" }, 200],
    ["null", { text: "null" }, 200],
    ["two access tokens", { text: '{"access_token":"a","access_token":"b","token_type":"Bearer"}' }, 200],
    ["bytes that are no UTF-8", { text: Buffer.from([0x7b, 0xff, 0x7d]) }, 200],
    ["what is nested too deep", { text: `{"a":${"[".repeat(99)}${"]".repeat(99)}}` }, 200],
    ["another place", { status: 302, headers: { location: "https://other.example.com/token" } }, 302],
    ["an error without a name", { status: 400, body: { message: "no" } }, 400],
    ["an error that is an object", { status: 400, body: { error: { code: "x" } } }, 400],
    ["a type with bytes that a terminal would obey", { text: "x", headers: { "content-type": "text/x\u009b2J" } }, 200],
  ])("is no use when it is %s", async (_, answer, status) => {
    const { idp, tokens } = await loggedIn(answer)
    await expect(tokens).rejects.toMatchObject({
      code: "ERR_IDP_UNAVAILABLE",
      message: expect.stringMatching(new RegExp(`^${idp.origin}/token answered ${status} [\\x20-\\x7e…]+$`)),
    })
  })

  it("is no use when it is huge", async () => {
    const { idp, tokens } = await loggedIn({ text: `{"access_token":"${"x".repeat(1024 * 1024)}","token_type":"Bearer"}` })
    await expect(tokens).rejects.toMatchObject({ code: "ERR_IDP_UNAVAILABLE", message: expect.stringContaining(`${idp.origin}/token answered 200`) })
  })

  it("is missed when the connection breaks, or nobody listens", async () => {
    const { idp, tokens } = await loggedIn("drop")
    await expect(tokens).rejects.toMatchObject({ code: "ERR_IDP_UNAVAILABLE", message: expect.stringContaining(`${idp.origin}/token`) })
    const nobody = { ...providerAt(idp), tokenEndpoint: "http://127.0.0.1:1/token" }
    await expect(refreshLogin(nobody, "r")).rejects.toMatchObject({
      code: "ERR_IDP_UNAVAILABLE",
      reason: "idp_unavailable",
      details: { passing: true },
    })
  })

  it("is missed when it does not come in 30 seconds", async () => {
    const waits: number[] = []
    const timers = {
      after: (ms: number, run: () => void) => {
        waits.push(ms)
        setImmediate(run)
        return () => undefined
      },
    }
    const { tokens } = await loggedIn("hang", { timers })
    await expect(tokens).rejects.toMatchObject({ code: "ERR_IDP_UNAVAILABLE" })
    expect(waits[0]).toBe(30_000)
  })

  it("is not asked for over plain HTTP from another machine", async () => {
    const resolve = async () => [{ address: "192.0.2.1", family: 4 }]
    const provider = { issuer: "https://idp.example.com", clientId: "c", defaultScopes: [], tokenEndpoint: "http://idp.example.com/token" }
    await expect(passwordLogin(provider, [], { username: "ann", password: "correct horse" })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    const local = { ...provider, tokenEndpoint: "http://localhost/token" }
    await expect(refreshLogin(local, "r", [], { resolve })).rejects.toMatchObject({ code: "ERR_IDP_UNAVAILABLE" })
  })
})

describe("a refresh", () => {
  it("sends the scopes of the login, or none, and keeps the refresh token that the IdP does not replace", async () => {
    const idp = await scriptedIdp({ body: { ...good, expires_in: 60 } }, { body: { ...good, refresh_token: "refresh-2" } })
    const kept = await refreshLogin(providerAt(idp), "refresh-1", ["openid", "platform:read"], { now: () => 0 })
    expect(kept).toEqual({ accessToken: "access-1", refreshToken: "refresh-1", expiresAt: 60_000 })
    expect(await refreshLogin(providerAt(idp), "refresh-1")).toEqual({ accessToken: "access-1", refreshToken: "refresh-2" })
    const form = { grant_type: "refresh_token", client_id: "portcullis-cli", refresh_token: "refresh-1" }
    expect(idp.asked.map((one) => one.form)).toEqual([{ ...form, scope: "openid platform:read" }, form])
  })
})
