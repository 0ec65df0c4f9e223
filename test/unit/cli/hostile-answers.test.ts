import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { isPrintable } from "../../../src/model/printable.js"
import type { ApiReply } from "../../fixtures/fake-api.js"
import { ann, fakeLogin, fakeToken, homeFolder, oauthError, storeLogin, tokenReply, type LoginReplies } from "../../fixtures/fake-login.js"
import { run, type CommandResult } from "../../fixtures/terminal.js"

/** Names a window, erases it, turns the direction of writing, and adds a line that looks like one of ours. */
const evil = "x\u001b]0;PWN\u0007\u009b2J\u202e\u2066\u200b\r\u2028\u0085\nportcullis: FAKE LINE\n✗ token FAKE LINE"
const hostileToken = fakeToken({ sub: evil, iss: evil, aud: evil, email: evil, groups: [evil], scope: evil }, { kid: evil, typ: evil })
const hostileCaller = { principal: evil, email: evil, groups: [evil], scopes: [evil] }
const pagination = { page: 1, page_size: 2, current_page_size: 1, total_pages: 2, total_results: 2 }
const hostileRow = {
  name: evil,
  description: evil,
  created_by: evil,
  created_at: evil,
  principal: evil,
  roles: [evil],
  granted_by: evil,
  granted_at: evil,
  expires_at: { [evil]: evil },
  message: evil,
  revision: evil,
  propagated: false,
}
const hostileChange = {
  revision: evil,
  at: evil,
  actor: evil,
  action: evil,
  principal: evil,
  workspace: evil,
  role: evil,
  entity_type: evil,
  name: evil,
}
const hostileDecision = {
  allowed: false,
  rule: evil,
  reasons: [evil, "role_missing", "scope_missing", "unknown_method", "caller_kind"],
  endpoint: evil,
  workspace: evil,
  caller: evil,
  roles: { [evil]: [evil] },
  missing_permissions: [evil],
  required_scopes: [evil],
  scopes_presented: [evil],
  notes: [evil],
}
const hostileDenial = {
  detail: evil,
  code: evil,
  workspace: evil,
  reasons: ["scope_missing", evil],
  roles: [`${evil}'; rm -rf ~ #`],
  missing_permissions: [evil],
  required_scopes: [evil],
}
const hostileStatus = {
  revision: evil,
  bindings: 1,
  sources: [{ name: evil, failing: { since: evil, message: evil } }],
  unknownRoles: { bindings: 1, roles: [{ role: evil }] },
  issuers: [{ issuer: evil, lastError: evil }],
}

const reply = (status: number, body: unknown): ApiReply => ({ status, body })

/** A sidecar whose data are hostile, answering as is due. */
function hostileData(path: string): ApiReply {
  if (path === "/status") return reply(200, hostileStatus)
  if (path.endsWith("/explain") || path.endsWith("/allow")) return reply(200, { result: hostileDecision })
  if (path.endsWith("/changes")) return reply(200, { data: [hostileChange], pagination, sort: evil, filter: {} })
  return reply(200, { ...hostileRow, data: [hostileRow], pagination, sort: evil, filter: {} })
}

const data: LoginReplies = { authenticate: () => reply(200, hostileCaller), api: ({ path }) => hostileData(path) }
const refusing = (status: number, body: unknown): LoginReplies => ({
  authenticate: () => reply(status, body),
  api: () => reply(status, body),
})
const conflict = { detail: `${evil} entities that must be deleted first: ${evil} (3)`, code: evil, entities: [{ entity_type: evil, count: 3 }] }

const sidecars: readonly (readonly [string, LoginReplies])[] = [
  ["data", data],
  ["refusals of credentials", refusing(401, { detail: evil, code: evil })],
  ["denials", { ...refusing(403, hostileDenial), authenticate: () => reply(200, hostileCaller) }],
  ["denials for want of a role", refusing(403, { detail: evil, code: "role_missing" })],
  ["conflicts", refusing(409, conflict)],
  ["last administrators", refusing(409, { detail: evil, code: "last_admin", workspace: evil, role: evil })],
  ["errors that are no JSON", refusing(500, evil)],
  ["answers of another kind", refusing(200, { detail: evil, [evil]: evil })],
  ["a hostile issuer", { ...data, oidc: { issuer: evil } }],
  ["hostile clients", { ...data, oidc: { client_id: evil } }],
  ["hostile scopes", { ...data, oidc: { default_scopes: evil } }],
  ["hostile endpoints", { ...data, oidc: { token_endpoint: evil, device_authorization_endpoint: `https://127.0.0.1:1/${evil}` } }],
]

const providers: readonly (readonly [string, LoginReplies])[] = [
  ["errors", { token: () => oauthError(`invalid_grant${evil}`, evil), device: () => oauthError(evil, evil) }],
  ["errors at the token endpoint", { token: () => oauthError(evil, `AADSTS50076 ${evil}`) }],
  ["errors of Okta's kind", { token: () => reply(400, { errorCode: evil, errorSummary: evil }) }],
  ["what is no JSON", { token: () => ({ status: 200, body: evil, headers: { "Content-Type": "text/html" } }) }],
  ["keys twice", { token: () => reply(200, `{"a\u009b\u2028":1,"a\u009b\u2028":2}`) }],
  ["hostile tokens", { token: () => tokenReply(hostileToken, { scope: `openid platform:read ${evil}` }) }],
  ["tokens that no header carries", { token: () => tokenReply(`${hostileToken}${evil}`) }],
  ["tokens without the scopes", { token: () => tokenReply(hostileToken, { scope: evil }) }],
  ["hostile codes", { device: () => reply(200, { device_code: evil, user_code: evil, verification_uri: evil, expires_in: 60 }) }],
  ["hostile pages", { device: () => reply(200, { device_code: "d", user_code: "U", verification_uri: `https://x/${evil}`, expires_in: 60 }) }],
]

const commands: readonly (readonly string[])[] = [
  ["workspaces", "list"],
  ["workspaces", "get", "ml"],
  ["workspaces", "create", "ml"],
  ["workspaces", "update", "ml", "--description", "d"],
  ["workspaces", "delete", "ml"],
  ["workspaces", "members", "list", "--workspace", "ml"],
  ["workspaces", "members", "create", "--workspace", "ml", "--principal", "ben@example.com"],
  ["workspaces", "members", "update", "ben@example.com", "--workspace", "ml", "--roles", "Viewer"],
  ["workspaces", "members", "delete", "ben@example.com", "--workspace", "ml"],
  ["changes"],
  ["check", "-p", "ann@example.com", "GET", "/x"],
  ["doctor"],
  ["doctor", "--workspace", "ml"],
  ["auth", "status"],
  ["auth", "login", "--no-browser"],
]

const loginCommands: readonly (readonly string[])[] = [
  ["auth", "login", "--no-browser"],
  ["auth", "login", "--username", "ann", "--password", "secret-password"],
  ["auth", "refresh"],
  ["auth", "token"],
  ["auth", "token", "--decode"],
  ["auth", "status"],
  ["auth", "status", "--output", "json"],
  ["workspaces", "list"],
  ["doctor"],
]

/** Runs a command as somebody who is logged in with a hostile token, which has expired or not. */
async function runHostile(args: readonly string[], replies: LoginReplies, expiresAt = Date.now() + 3_600_000): Promise<CommandResult> {
  const { url } = await fakeLogin(replies)
  const { homeFolder: home, store } = homeFolder()
  await storeLogin(store, url, { accessToken: hostileToken, expiresAt, scopes: [evil] })
  let time = Date.now()
  return run([...args, "--url", url], { homeFolder: home, now: () => time, pause: async (ms) => void (time += ms) })
}

function expectHarmless({ out, err }: CommandResult): void {
  const lines = `${out}\n${err}`.split("\n")
  expect(lines.filter((line) => !isPrintable(line))).toEqual([])
  expect(lines.filter((line) => /^[\s"'|-]*(?:portcullis: FAKE|✗ token FAKE)/.test(line))).toEqual([])
}

describe.each(sidecars)("a sidecar that answers with %s", (_, replies) => {
  it.each(commands.map((args) => [args.join(" "), args] as const))("does not steer the terminal of '%s'", async (_name, args) => {
    const done = await runHostile(args, replies)
    expectHarmless(done)
    expect(done.out + done.err).not.toContain("unexpected error")
  })
})

describe.each(providers)("an identity provider that answers with %s", (_, replies) => {
  it.each(loginCommands.map((args) => [args.join(" "), args] as const))("does not steer the terminal of '%s'", async (_name, args) => {
    const done = await runHostile(args, replies, Date.now() - 1_000)
    expectHarmless(done)
    expect(done.out + done.err).not.toContain("unexpected error")
  })
})

describe("results for programs", () => {
  it.each([
    ["json", (text: string): unknown => JSON.parse(text)],
    ["yaml", (text: string): unknown => parse(text)],
  ])("in %s say what was answered, with nothing that steers a terminal in it", async (format, read) => {
    for (const args of [
      ["workspaces", "get", "ml"],
      ["workspaces", "members", "list", "--workspace", "ml"],
    ]) {
      const done = await runHostile([...args, "--output", format], data)
      expectHarmless(done)
      expect(read(done.out)).toMatchObject(
        args[1] === "get" ? { name: evil, description: evil } : { data: [{ principal: evil, roles: [evil], expires_at: { [evil]: evil } }] },
      )
    }
  })

  it("in YAML keep what is beyond the first plane of Unicode", async () => {
    const name = "🙂 \u{e0041} a\u009bb"
    const done = await runHostile(["workspaces", "get", "ml", "--output", "yaml"], { ...data, api: () => reply(200, { name }) })
    expectHarmless(done)
    expect(parse(done.out)).toEqual({ name })
  })

  it("have a token's claims as they are", async () => {
    const done = await runHostile(["auth", "token", "--decode"], { authenticate: () => reply(200, ann) })
    expectHarmless(done)
    expect(JSON.parse(done.out)).toMatchObject({ header: { kid: evil }, claims: { sub: evil } })
  })
})

describe("an answer without end", () => {
  it.each([
    [["auth", "status"], "/apis/auth/authenticate"],
    [["doctor"], "/status"],
  ])("is not read by %j", async (args, path) => {
    const huge = (): ApiReply => reply(200, `{"a":"${"a".repeat(2 * 1024 * 1024)}"}`)
    const replies: LoginReplies = path === "/status" ? { api: (call) => (call.path === path ? huge() : reply(200, {})) } : { authenticate: huge }
    const done = await runHostile(args, replies)
    expect(done.out.length + done.err.length).toBeLessThan(20_000)
    expect(done.out).toContain("1048576 bytes")
  })

  it("is not read by what asks the API", async () => {
    const done = await runHostile(["workspaces", "list"], { api: () => reply(200, "a".repeat(33 * 1024 * 1024)) })
    expect(done).toMatchObject({ code: 1, err: expect.stringContaining("33554432 bytes") })
  })
})
