import { createServer } from "node:http"
import { once } from "node:events"
import { describe, expect, it, onTestFinished } from "vitest"
import { ann, fakeLogin, fakeToken, homeFolder, oauthError, storeLogin, tokenReply, type LoginReplies } from "../../fixtures/fake-login.js"
import { run } from "../../fixtures/terminal.js"

const path = "/apis/entities/v2/workspaces"
const page = { data: [], pagination: { page: 1, page_size: 1, total_pages: 1, total_results: 0 } }
const listed = { status: 200, body: page }
const workspace = { status: 201, body: { name: "ml-team", revision: "1.1", propagated: true } }
const expired = { status: 401, body: { detail: "the token has expired", code: "token_expired" } }

describe("who asks", () => {
  const token = fakeToken()
  it.each([
    [["--as", "ben"], { PORTCULLIS_TOKEN: "t-1", PORTCULLIS_PRINCIPAL: "eve" }, { "x-nmp-principal-id": "ben" }],
    [[], { PORTCULLIS_TOKEN: " t-1\n", PORTCULLIS_PRINCIPAL: "eve" }, { authorization: "Bearer t-1" }],
    [[], { PORTCULLIS_PRINCIPAL: "eve" }, { "x-nmp-principal-id": "eve" }],
    [[], {}, { authorization: `Bearer ${token}` }],
  ])("is, with %j and %j and a stored login, sent as %j", async (flags, environment, headers) => {
    const { url, to } = await fakeLogin({ api: () => listed })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, url, { accessToken: token })
    expect((await run(["workspaces", "list", "--url", url, ...flags], { homeFolder: home, environment })).code).toBe(0)
    const { authorization, "x-nmp-principal-id": id } = to(path)[0]?.headers ?? {}
    expect({ ...(authorization !== undefined && { authorization }), ...(id !== undefined && { "x-nmp-principal-id": id }) }).toEqual(headers)
  })

  it("is not said by the login of another sidecar", async () => {
    const { url, calls } = await fakeLogin({ api: () => listed })
    const { homeFolder: home, store } = homeFolder()
    await storeLogin(store, "http://127.0.0.1:1")
    const { code, err } = await run(["workspaces", "list", "--url", url], { homeFolder: home })
    expect({ code, calls }).toEqual({ code: 2, calls: [] })
    expect(err).toContain(`portcullis auth login --url ${url}`)
  })

  it.each([{ PORTCULLIS_TOKEN: "t-1" }, {}])("is not told to whoever listens on the network: %j", async (environment) => {
    const { homeFolder: home, store } = homeFolder()
    const url = "http://portcullis.example.com"
    await storeLogin(store, url)
    for (const command of [["workspaces", "list"], ["changes"], ["auth", "status"]]) {
      const { code, err } = await run([...command, "--url", url], { homeFolder: home, environment })
      expect(code).toBe(78)
      expect(err).toContain("https")
    }
  })

  it("is not told to whom a redirect names", async () => {
    const other = await fakeLogin({ api: () => listed })
    const server = createServer((_, response) => response.writeHead(307, { Location: `${other.url}${path}` }).end())
    await once(server.listen(0, "127.0.0.1"), "listening")
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    const { code } = await run(["workspaces", "list", "--url", `http://127.0.0.1:${port}`], { environment: { PORTCULLIS_TOKEN: "t-1" } })
    expect({ code, calls: other.calls }).toEqual({ code: 1, calls: [] })
  })

  it("leaves no password in a URL", async () => {
    const { code, err } = await run(["workspaces", "list", "--as", "ann", "--url", "https://ann:s3cret@example.com"])
    expect(code).toBe(2)
    expect(err).not.toContain("s3cret")
  })
})

async function loggedIn(replies: LoginReplies, expiresAt = Date.now() + 3_600_000) {
  const sidecar = await fakeLogin(replies)
  const { homeFolder: home, store } = homeFolder()
  await storeLogin(store, sidecar.url, { expiresAt })
  return { ...sidecar, store, ask: (...args: readonly string[]) => run([...args, "--url", sidecar.url], { homeFolder: home }) }
}

describe("a login", () => {
  it("is refreshed before it expires", async () => {
    const fresh = fakeToken({ jti: "2" })
    const { to, ask } = await loggedIn({ api: () => listed, token: () => tokenReply(fresh) }, Date.now() + 100_000)
    const { code, err } = await ask("workspaces", "list")
    expect({ code, sent: to(path)[0]?.headers.authorization }).toEqual({ code: 0, sent: `Bearer ${fresh}` })
    expect(err).toContain("about to expire")
  })

  it("that has expired is refreshed, and called so", async () => {
    const { ask } = await loggedIn({ api: () => listed, token: () => tokenReply(fakeToken({ jti: "2" })) }, Date.now() - 1)
    expect((await ask("workspaces", "list")).err).toContain("the login has expired, and is refreshed")
  })

  it("that the sidecar finds expired is refreshed once, and the request sent again with the same key", async () => {
    const fresh = fakeToken({ jti: "2" })
    const { to, ask } = await loggedIn({ api: (_, count) => (count === 1 ? expired : workspace), token: () => tokenReply(fresh) })
    expect((await ask("workspaces", "create", "ml-team")).code).toBe(0)
    expect(to(path)).toHaveLength(2)
    expect(to(path)[1]?.headers.authorization).toBe(`Bearer ${fresh}`)
    expect(new Set(to(path).map(({ headers }) => headers["idempotency-key"])).size).toBe(1)
  })

  it("is not refreshed again and again", async () => {
    const { to, ask } = await loggedIn({ api: () => expired, token: () => tokenReply(fakeToken({ jti: "2" })) })
    const { code, err } = await ask("workspaces", "list")
    expect({ code, asked: to(path).length, refreshed: to("/token").length }).toEqual({ code: 3, asked: 2, refreshed: 1 })
    expect(err).toContain("portcullis auth login --url")
  })

  it("that is over says so", async () => {
    const { ask, to } = await loggedIn({ api: () => listed, token: () => oauthError("invalid_grant") }, 1)
    const { code, err } = await ask("workspaces", "list")
    expect({ code, asked: to(path).length }).toEqual({ code: 3, asked: 0 })
    expect(err).toContain("portcullis auth login")
  })

  it("that was stored with something else than a token is not shown", async () => {
    const { url, store, ask, to } = await loggedIn({ api: () => listed })
    await storeLogin(store, url, { accessToken: "secret\nX-Other: 1" })
    for (const command of [
      ["workspaces", "list"],
      ["auth", "status"],
    ]) {
      const { code, out, err } = await ask(...command)
      expect({ failed: code > 0, asked: to(path).length }).toEqual({ failed: true, asked: 0 })
      expect(`${out}${err}`).not.toContain("secret")
    }
  })

  it("shows no token where a curl command is proposed", async () => {
    const detail = "Cannot delete workspace 'ml-team': workspace contains entities that must be deleted first: project (1)"
    const { ask } = await loggedIn({
      api: ({ method }) =>
        method === "DELETE"
          ? { status: 409, body: { detail, code: "workspace_not_empty" } }
          : { status: 200, body: { ...page, data: [{ name: "p1" }] } },
    })
    const { err } = await ask("workspaces", "delete", "ml-team")
    expect(err).toMatch(/curl -X DELETE -H "Authorization: Bearer \$\(npx portcullis auth token --url \S+\)" 'http/)
  })
})

describe("a refusal", () => {
  const refusedWith = (code: string) => ({ status: 401, body: { detail: "refused", code } })
  it.each([
    ["audience_mismatch", /audience_mismatch: refused\n[^]*portcullis auth status --url[^]*portcullis doctor --url/],
    ["token_expired", /portcullis auth login --url/],
  ])("of a login by %s says what to run", async (code, words) => {
    const { ask } = await loggedIn({ api: () => refusedWith(code), token: () => tokenReply(fakeToken()) })
    expect((await ask("workspaces", "list")).err).toMatch(words)
  })

  it("of PORTCULLIS_TOKEN says where the token came from", async () => {
    const { url } = await fakeLogin({ api: () => refusedWith("token_expired") })
    const { code, err } = await run(["workspaces", "list", "--url", url], { environment: { PORTCULLIS_TOKEN: "t-1" } })
    expect(code).toBe(3)
    expect(err).toMatch(/PORTCULLIS_TOKEN/)
    expect(err).not.toContain("t-1")
  })

  it("of PORTCULLIS_TOKEN for another cause says where to look", async () => {
    const { url } = await fakeLogin({ api: () => refusedWith("issuer_mismatch") })
    const { err } = await run(["workspaces", "list", "--url", url], { environment: { PORTCULLIS_TOKEN: "t-1" } })
    expect(err).toMatch(/issuer_mismatch: refused\n[^]*portcullis auth status --url[^]*portcullis doctor --url/)
  })

  it("because the provider cannot be asked says where to look", async () => {
    const { ask } = await loggedIn({ api: () => ({ status: 503, body: { detail: "no keys", code: "idp_unavailable" } }) })
    const { code, err } = await ask("workspaces", "list")
    expect(code).toBe(1)
    expect(err).toMatch(/no keys\n[^]*portcullis doctor --url/)
  })

  it("of a login says as whom it asked", async () => {
    const { ask } = await loggedIn({
      api: () => ({ status: 403, body: { detail: "denied", code: "role_missing" } }),
      authenticate: () => ({ status: 200, body: { ...ann, principal: "o-1" } }),
    })
    expect((await ask("workspaces", "list")).err).toContain("You asked as 'o-1' (ann@example.com).\n")
  })

  it("of an expired PORTCULLIS_TOKEN proposes no refresh", async () => {
    const detail = "the token has expired; log in again with 'portcullis auth login', or run 'portcullis auth refresh'"
    const { url } = await fakeLogin({ api: () => ({ status: 401, body: { detail, code: "token_expired" } }) })
    const { err } = await run(["workspaces", "list", "--url", url], { environment: { PORTCULLIS_TOKEN: "t-1" } })
    expect(err).toMatch(/token_expired: the token has expired\n[^]*PORTCULLIS_TOKEN/)
    expect(err).not.toContain("auth refresh")
  })

  it("of PORTCULLIS_PRINCIPAL proposes to unset it", async () => {
    const { url } = await fakeLogin({ api: () => refusedWith("principal_header_rejected") })
    const { err } = await run(["workspaces", "list", "--url", url], { environment: { PORTCULLIS_PRINCIPAL: "ann" } })
    expect(err).toMatch(/^ {2}unset PORTCULLIS_PRINCIPAL$/m)
  })

  it("for want of a role and of a scope proposes both", async () => {
    const body = { detail: "denied", code: "scope_missing", reasons: ["scope_missing", "role_missing"], required_scopes: ["platform:write"] }
    const { ask } = await loggedIn({ api: () => ({ status: 403, body }) })
    expect((await ask("workspaces", "get", "ml-team")).err).toMatch(
      /--scope "platform:read platform:write"\n[^]*portcullis doctor --workspace ml-team/,
    )
  })

  it("of a name proposes to log in", async () => {
    const { url } = await fakeLogin({ api: () => refusedWith("principal_header_rejected") })
    const { err } = await run(["workspaces", "list", "--url", url, "--as", "ann"])
    expect(err).toMatch(/principal_header_rejected: refused\nLog in instead[^]*portcullis auth login --url \S+\n$/)
  })

  it("for want of a scope proposes a login that keeps those that there are", async () => {
    const body = { detail: "denied", code: "scope_missing", reasons: ["scope_missing"], required_scopes: ["models:write", "platform:admin"] }
    const { ask } = await loggedIn({ api: () => ({ status: 403, body }) })
    const { code, err } = await ask("workspaces", "list")
    expect(code).toBe(3)
    expect(err).toMatch(/portcullis auth login --url \S+ --scope "platform:read platform:write platform:admin"/)
  })

  it("for want of a role names the caller as the sidecar knows him", async () => {
    const body = { detail: "denied", code: "role_missing", workspace: "ml-team", missing_permissions: ["workspaces.read"] }
    const { ask } = await loggedIn({ api: () => ({ status: 403, body }), authenticate: () => ({ status: 200, body: { ...ann, principal: "o-1" } }) })
    expect((await ask("workspaces", "get", "ml-team")).err).toContain("--principal ann@example.com --roles")
  })
})
