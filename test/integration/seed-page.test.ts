import { writeFileSync } from "node:fs"
import { expect, it } from "vitest"
import type { Answer, Sending } from "../fixtures/administered-server.js"
import { identityWorld, type Examination, type IdentityWorld, type WorldOptions } from "../fixtures/identity-world.js"
import { startTestIdp, type TestIdp } from "../fixtures/idp.js"
import { until } from "../fixtures/opa-server.js"
import type { CommandResult } from "../fixtures/terminal.js"

/** The causes of the reference's page on troubleshooting: each is provoked, and named by the server, the command line and doctor. */
interface Cause {
  readonly symptom: string
  readonly cause: string
  /** In which world it comes about. */
  readonly world?: () => Promise<WorldOptions>
  /** What somebody does then. @returns what is sent to the server, and the environment of the commands */
  readonly provoke?: (world: IdentityWorld) => Promise<Situation>
  readonly asked: Asked
  readonly server: { readonly status: number; readonly code?: string; readonly says?: RegExp }
  readonly commands: readonly Command[]
  readonly doctor: { readonly args?: readonly string[]; readonly code: number; readonly checks: Readonly<Record<string, Found>> }
}

interface Situation {
  readonly headers?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

interface Command {
  /** `login`: by device flow, as `ann@example.com`. */
  readonly args: readonly string[] | "login"
  readonly code: number
  /** The cause, and what to do about it. */
  readonly says: readonly RegExp[]
}

interface Found {
  readonly ok: boolean | null
  readonly detail: RegExp
  readonly remedy?: RegExp
}

const workspaces = "/apis/entities/v2/workspaces"
const team = `${workspaces}/ml-team`
const list: Asked = { method: "GET", path: workspaces }
const discovery: Asked = { method: "GET", path: "/apis/auth/discovery" }
const logIn = /portcullis auth login/

const causes: readonly Cause[] = [
  {
    symptom: "401",
    cause: "no credentials come",
    asked: list,
    server: { status: 401, code: "no_credentials" },
    commands: [
      { args: ["workspaces", "list"], code: 2, says: [/no_credentials: /, logIn] },
      { args: ["auth", "token"], code: 1, says: [/no_credentials: /, logIn] },
      { args: ["auth", "status"], code: 1, says: [/nobody is logged in/, logIn] },
    ],
    doctor: { code: 0, checks: { token: { ok: null, detail: /there is none/, remedy: logIn } } },
  },
  {
    symptom: "401",
    cause: "the token has expired, and the refresh token, too",
    provoke: async (world) => {
      await world.login("ann@example.com")
      const token = await expireLogin(world)
      world.idp.expire("RefreshToken")
      return sent(token)
    },
    asked: list,
    server: { status: 401, code: "token_expired", says: logIn },
    commands: [
      { args: ["workspaces", "list"], code: 3, says: [/login_expired: /, logIn] },
      { args: ["auth", "token"], code: 1, says: [/login_expired: /, logIn] },
      { args: ["auth", "status"], code: 1, says: [/token_expired: /, /EXPIRED/, logIn] },
    ],
    doctor: {
      code: 1,
      checks: { expiry: { ok: false, detail: /^token_expired/, remedy: logIn }, acceptance: { ok: false, detail: /^token_expired/, remedy: logIn } },
    },
  },
  {
    symptom: "401",
    cause: "the token is of another issuer",
    provoke: async ({ idp }) => carried(await idp.token("ann@example.com", { issuer: "https://idp.example.org" })),
    asked: list,
    server: { status: 401, code: "issuer_mismatch", says: /auth\.oidc\.issuer/ },
    commands: [
      { args: ["workspaces", "list"], code: 3, says: [/issuer_mismatch: /, /auth\.oidc\.issuer/, /portcullis doctor/] },
      { args: ["auth", "status"], code: 1, says: [/issuer_mismatch: /, /https:\/\/idp\.example\.org/] },
    ],
    doctor: {
      code: 1,
      checks: { issuer: { ok: false, detail: /^issuer_mismatch.*'https:\/\/idp\.example\.org'.*'http:\/\/127/, remedy: /auth\.oidc\.issuer/ } },
    },
  },
  {
    symptom: "401",
    cause: "the token is for another audience",
    world: async () => ({ oidc: { audience: "other" } }),
    provoke: async ({ idp }) => carried(await idp.token("ann@example.com")),
    asked: list,
    server: { status: 401, code: "audience_mismatch", says: /auth\.oidc\.audience/ },
    commands: [
      { args: "login", code: 1, says: [/audience_mismatch: /, /auth\.oidc\.audience/, /portcullis doctor/] },
      { args: ["workspaces", "list"], code: 3, says: [/audience_mismatch: /, /auth\.oidc\.audience/] },
    ],
    doctor: { code: 1, checks: { audience: { ok: false, detail: /^audience_mismatch.*'portcullis'.*'other'/, remedy: /auth\.oidc\.audience/ } } },
  },
  {
    symptom: "401",
    cause: "an e-mail is sent as API key while OIDC is on",
    provoke: async () => ({ headers: { "X-NMP-Principal-Id": "ann@example.com" }, environment: { PORTCULLIS_PRINCIPAL: "ann@example.com" } }),
    asked: list,
    server: { status: 401, code: "principal_header_rejected", says: /log in/ },
    commands: [{ args: ["workspaces", "list"], code: 3, says: [/principal_header_rejected: /, logIn, /trusted_peers/] }],
    doctor: { code: 1, checks: { acceptance: { ok: false, detail: /^principal_header_rejected/, remedy: /log in/ } } },
  },
  {
    symptom: "403",
    cause: "there is no role binding",
    provoke: (world) => inTeam(world),
    asked: { method: "GET", path: `${team}/members` },
    server: { status: 403, code: "role_missing", says: /ask an Admin of 'ml-team'/ },
    commands: [
      {
        args: ["workspaces", "members", "list", "--workspace", "ml-team"],
        code: 3,
        says: [/role_missing; ask an Admin of 'ml-team'/, /You asked as 'idp-ben' \(ben@example\.com\)/, /portcullis doctor --workspace ml-team/],
      },
    ],
    doctor: {
      args: ["--workspace", "ml-team"],
      code: 1,
      checks: { roles: { ok: false, detail: /role_missing/, remedy: /--principal ben@example\.com/ } },
    },
  },
  {
    symptom: "403",
    cause: "the role does not suffice",
    provoke: (world) => inTeam(world, ["Viewer"]),
    asked: { method: "PUT", path: team, body: { description: "ours" } },
    server: { status: 403, code: "role_insufficient", says: /workspaces\.update/ },
    commands: [
      {
        args: ["workspaces", "update", "ml-team", "--description", "ours"],
        code: 3,
        says: [/role_insufficient; it needs workspaces\.update/, /members create/],
      },
    ],
    doctor: {
      args: ["--method", "PUT", "--path", team],
      code: 1,
      checks: { roles: { ok: false, detail: /role_insufficient.*'ben@example\.com' holds Viewer/, remedy: /workspaces\.update/ } },
    },
  },
  {
    symptom: "403",
    cause: "the scope is too narrow",
    provoke: async (world) => {
      await world.login("ann@example.com", "--scope", "platform:read")
      return sent((await world.command(["auth", "token"])).out.trim())
    },
    asked: { method: "POST", path: workspaces, body: { name: "second" } },
    server: { status: 403, code: "scope_missing", says: /--scope/ },
    commands: [
      {
        args: ["workspaces", "create", "second"],
        code: 3,
        says: [/scope_missing; /, /portcullis auth login --scope "?platform:read[ ,]platform:write/],
      },
    ],
    doctor: {
      args: ["--method", "POST", "--path", workspaces],
      code: 1,
      checks: {
        scopes: { ok: false, detail: /^scope_missing.*platform:write is not/, remedy: /--scope/ },
        roles: { ok: false, detail: /scope_missing/, remedy: /platform:write/ },
      },
    },
  },
  {
    symptom: "403",
    cause: "the role has not arrived yet, and the revision is not reached",
    world: async () => ({ config: { server: { limits: { at_least_seconds: 0 } } } }),
    provoke: async (world) => {
      await inTeam(world)
      const { revision } = await world.sidecar.status()
      return { headers: { ...(await world.bearer("ben@example.com")), "X-Portcullis-At-Least": String(revision).replace(/\d+$/, "99999") } }
    },
    asked: { method: "GET", path: team },
    server: { status: 503, code: "revision_timeout", says: /this PDP decides on '\w+\.\d+'/ },
    commands: [{ args: ["workspaces", "get", "ml-team"], code: 3, says: [/role_missing; /, /portcullis doctor --workspace ml-team/] }],
    doctor: {
      args: ["--workspace", "ml-team"],
      code: 1,
      checks: {
        data: { ok: true, detail: /^revision \w+\.\d+, \d+ role bindings, read \d+ s ago$/ },
        roles: { ok: false, detail: /role_missing/, remedy: /a new role counts within seconds/ },
      },
    },
  },
  {
    symptom: "403",
    cause: "the role has not arrived, because the source fails",
    world: async () => ({ bindings: "version: 1\nbindings: []\n" }),
    provoke: async (world) => {
      writeFileSync(world.storeFile, "version: 1\nbindings: [{ principal: ben@example.com, workspace: ml-team, rolle: Viewer }]\n")
      await until(async () => (await world.sidecar.status()).sources.some(({ failing }) => failing !== undefined))
      await world.login("ben@example.com")
      return {}
    },
    asked: { method: "POST", path: "/apis/auth/v2/authz/allow", body: { input: { principal_id: "ben@example.com", method: "GET", path: team } } },
    server: { status: 200, says: /"allowed":false/ },
    commands: [{ args: ["check", "GET", team, "--principal", "ben@example.com"], code: 3, says: [/role_missing/] }],
    doctor: {
      args: ["--workspace", "ml-team"],
      code: 1,
      checks: {
        data: { ok: false, detail: /cannot be read since .*bindings/, remedy: /mend the source/ },
        roles: { ok: false, detail: /role_missing/ },
      },
    },
  },
  {
    symptom: "login",
    cause: "the scope is not known to the provider",
    world: async () => ({ oidc: { default_scopes: "openid platform:admin" } }),
    asked: discovery,
    server: { status: 200, says: /"default_scopes":"openid platform:admin"/ },
    commands: [{ args: "login", code: 1, says: [/invalid_scope: .*platform:admin/, /--scope/, /auth\.oidc\.default_scopes/] }],
    doctor: { code: 1, checks: { "device flow": { ok: false, detail: /^invalid_scope: .*platform:admin/, remedy: /define these scopes/ } } },
  },
  {
    symptom: "login",
    cause: "Azure AD answers AADSTS70011",
    world: async () => ({ idp: await azureAnswering() }),
    asked: discovery,
    server: { status: 200, says: /"default_scopes":"[^"]*platform:read platform:write"/ },
    commands: [{ args: "login", code: 1, says: [/invalid_scope: /, /Expose an API/, /Grant admin consent/, /AADSTS70011/] }],
    doctor: { code: 1, checks: { "device flow": { ok: false, detail: /^invalid_scope: /, remedy: /Grant admin consent/ } } },
  },
  {
    symptom: "login",
    cause: "the device flow is not enabled",
    world: async () => ({ oidc: { client_id: "no-device" } }),
    asked: discovery,
    server: { status: 200, says: /"client_id":"no-device"/ },
    commands: [
      {
        args: "login",
        code: 1,
        says: [/device_flow_disabled: /, /Allow public client flows/, /Device Authorization/, /OAuth 2\.0 Device Authorization Grant/],
      },
    ],
    doctor: { code: 1, checks: { "device flow": { ok: false, detail: /^device_flow_disabled: /, remedy: /Allow public client flows/ } } },
  },
  {
    symptom: "login",
    cause: "the client id is not that of the application",
    world: async () => ({ oidc: { client_id: "nobody" } }),
    asked: discovery,
    server: { status: 200, says: /"client_id":"nobody"/ },
    commands: [{ args: "login", code: 1, says: [/client_mismatch: /, /auth\.oidc\.client_id 'nobody'/] }],
    doctor: { code: 1, checks: { "device flow": { ok: false, detail: /^client_mismatch: /, remedy: /auth\.oidc\.client_id/ } } },
  },
  {
    symptom: "PlatformAdmin",
    cause: "admin_email differs in upper and lower case only",
    world: async () => ({ auth: { admin_email: "Root@Example.com" } }),
    provoke: (world) => loggedIn(world, "root@example.com"),
    asked: { method: "DELETE", path: `${workspaces}/default` },
    server: { status: 403, code: "role_missing", says: /'root@example\.com' differs from auth\.admin_email 'Root@Example\.com'/ },
    commands: [
      { args: ["workspaces", "delete", "default"], code: 3, says: [/role_missing; /, /only in upper and lower case/, /correct auth\.admin_email/] },
    ],
    doctor: {
      code: 1,
      checks: { administrator: { ok: false, detail: /'root@example\.com' and admin_email 'Root@Example\.com'/, remedy: /auth\.admin_email/ } },
    },
  },
  {
    symptom: "PlatformAdmin",
    cause: "the token has its e-mail under upn, and email counts",
    world: async () => ({ auth: { admin_email: "Carl@Example.com" }, oidc: { email_claim: "email" } }),
    provoke: (world) => loggedIn(world, "upn-only"),
    asked: { method: "DELETE", path: `${workspaces}/default` },
    server: { status: 403, code: "role_missing" },
    commands: [
      {
        args: ["workspaces", "delete", "default"],
        code: 3,
        says: [/role_missing; /, /You asked as 'idp-carl'\./, /portcullis doctor --workspace default/],
      },
    ],
    doctor: {
      code: 1,
      checks: {
        "e-mail": { ok: false, detail: /no claim email; upn holds 'Carl@Example\.com'/, remedy: /auth\.oidc\.email_claim to upn/ },
        administrator: { ok: false, detail: /upn holds 'Carl@Example\.com'/, remedy: /auth\.oidc\.email_claim to upn/ },
      },
    },
  },
  {
    symptom: "PlatformAdmin",
    cause: "upn counts, and differs from admin_email in upper and lower case",
    world: async () => ({ auth: { admin_email: "carl@example.com" }, oidc: { email_claim: "upn" } }),
    provoke: (world) => loggedIn(world, "upn-only"),
    asked: { method: "DELETE", path: `${workspaces}/default` },
    server: { status: 403, code: "role_missing", says: /'Carl@Example\.com' differs from auth\.admin_email 'carl@example\.com'/ },
    commands: [
      { args: ["workspaces", "delete", "default"], code: 3, says: [/role_missing; /, /only in upper and lower case/, /correct auth\.admin_email/] },
    ],
    doctor: {
      code: 1,
      checks: { administrator: { ok: false, detail: /'Carl@Example\.com' and admin_email 'carl@example\.com'/, remedy: /auth\.admin_email/ } },
    },
  },
]

it.each(causes)("$symptom: server, command line and doctor say that $cause", async ({ world: options, provoke, asked, server, commands, doctor }) => {
  const world = await identityWorld(await options?.())
  const { headers = {}, environment = {} } = (await provoke?.(world)) ?? {}
  expectAnswer(await world.sidecar.send(asked.method, asked.path, sending(headers, asked.body)), server)
  for (const { args, code, says } of commands) {
    const command =
      args === "login"
        ? world.login("ann@example.com")
        : world.command(
            args.map((arg) => (arg === "URL" ? world.url : arg)),
            environment,
          )
    expectCommand(await command, code, says)
  }
  expectExamination(await world.doctor(doctor.args, environment), doctor)
})

function sending(headers: Readonly<Record<string, string>>, body: unknown): Sending {
  return { headers, ...(body !== undefined && { body }) }
}

function expectAnswer({ status, body, text }: Answer, expected: Cause["server"]): void {
  expect({ status, code: body["code"] }).toEqual({ status: expected.status, code: expected.code })
  if (expected.says) expect(text).toMatch(expected.says)
}

function expectCommand({ code, out, err }: CommandResult, expected: number, says: readonly RegExp[]): void {
  for (const words of says) expect(out + err).toMatch(words)
  expect(code).toBe(expected)
}

function expectExamination({ code, findings }: Examination, { code: expected, checks }: Cause["doctor"]): void {
  for (const [check, { ok, detail, remedy }] of Object.entries(checks))
    expect(findings).toContainEqual({
      check,
      ok,
      detail: expect.stringMatching(detail),
      ...(ok === true ? {} : { remedy: expect.stringMatching(remedy ?? /./) }),
    })
  expect(code).toBe(expected)
}

function sent(token: string): Situation {
  return { headers: { Authorization: `Bearer ${token}` } }
}

/** The same token for the commands. */
function carried(token: string): Situation {
  return { ...sent(token), environment: { PORTCULLIS_TOKEN: token } }
}

async function loggedIn(world: IdentityWorld, account: string): Promise<Situation> {
  expect((await world.login(account)).code).toBe(0)
  return { headers: await world.bearer(account) }
}

/** Logs `ben@example.com` in, and makes the workspace `ml-team` with him in it. */
async function inTeam(world: IdentityWorld, roles: readonly string[] = []): Promise<Situation> {
  const headers = await world.bearer("root@example.com")
  const made = await world.sidecar.send("POST", workspaces, { headers, body: { name: "ml-team" } })
  expect(made.status).toBe(201)
  if (roles.length > 0) await world.sidecar.send("POST", `${team}/members`, { headers, body: { principal: "ben@example.com", roles } })
  return loggedIn(world, "ben@example.com")
}

/** Puts a token that has expired long ago in the place of the stored one. */
async function expireLogin({ idp, store, url }: IdentityWorld): Promise<string> {
  const stored = await store.read(url)
  if (!stored) throw new TypeError("a login is due")
  const accessToken = await idp.token("ann@example.com", { expiresInSeconds: -3_600 })
  await store.write(url, { ...stored, tokens: { ...stored.tokens, accessToken, expiresAt: Date.now() - 3_600_000 } })
  return accessToken
}

/** A provider that refuses scopes as Azure AD does. */
function azureAnswering(): Promise<TestIdp> {
  const body = { error: "invalid_scope", error_description: "AADSTS70011: The provided value for the input parameter 'scope' is not valid." }
  return startTestIdp({
    before: (request, response) => {
      if (request.url !== "/device/auth") return false
      response.writeHead(400, { "Content-Type": "application/json" })
      response.end(JSON.stringify(body))
      return true
    },
  })
}
