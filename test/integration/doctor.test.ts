import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stringify } from "yaml"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { checks } from "../../src/doctor/finding.js"
import { authenticationOptionsOf, discoveryOptionsOf, loadConfig } from "../../src/config/index.js"
import { administeredServer, type AdministeredServer } from "../fixtures/administered-server.js"
import { fakeApi, type ApiReply } from "../fixtures/fake-api.js"
import { startTestIdp, type IdpConduct, type MintOptions, type TestIdp } from "../fixtures/idp.js"
import { start } from "../fixtures/sidecar.js"
import { run } from "../fixtures/terminal.js"

const write = { method: "POST", path: "/apis/entities/v2/workspaces" }

describe("portcullis doctor", () => {
  it("finds nothing wrong with the token of the administrator, and exits with 0", async () => {
    const { idp, doctor } = await clinic()
    const { code, found, out } = await doctor(await idp.token("root@example.com"), "--workspace", "system")
    expect([...found].filter(([, finding]) => finding.ok !== true)).toEqual([])
    expect([...found.keys()]).toEqual([...checks])
    expect(code).toBe(0)
    expect(out).not.toMatch(/eyJ/)
  })

  it.each<[string, string, MintOptions, object, Readonly<Record<string, RegExp>>]>([
    ["has expired", "ann@example.com", { expiresInSeconds: -3_600 }, {}, { expiry: /^token_expired/, acceptance: /^token_expired/ }],
    ["is not valid yet", "ann@example.com", { claims: { nbf: 4e9 } }, {}, { expiry: /^token_not_yet_valid/, acceptance: /^token_not_yet_valid/ }],
    [
      "is of another issuer",
      "ann@example.com",
      { issuer: "https://idp.example.org" },
      {},
      { issuer: /^issuer_mismatch/, acceptance: /^issuer_mismatch/ },
    ],
    [
      "is for another audience",
      "ann@example.com",
      { audience: "other" },
      {},
      { audience: /^audience_mismatch.*'other'.*'portcullis'/, acceptance: /^audience_mismatch/ },
    ],
    [
      "is signed by somebody else",
      "ann@example.com",
      { signedBy: "foreign" },
      {},
      { signature: /^signature_invalid/, acceptance: /^signature_invalid/ },
    ],
    [
      "is signed with an unknown key",
      "ann@example.com",
      { header: { kid: "gone" } },
      {},
      { signature: /^unknown_key.*'gone'/, acceptance: /^unknown_key/ },
    ],
    ["is an ID token", "ann@example.com", { claims: { nonce: "n" } }, {}, { token: /^id_token_rejected/, acceptance: /^id_token_rejected/ }],
    [
      "has a reserved subject",
      "service:indexer",
      {},
      {},
      { principal: /^subject_reserved/, "e-mail": /no claim email/, acceptance: /^subject_reserved/ },
    ],
    ["has a upn instead of an e-mail", "upn-only", {}, {}, { "e-mail": /upn holds 'Carl@Example.com'/ }],
    ["has an e-mail that is not verified", "ann@example.com", { claims: { email_verified: false } }, {}, { "e-mail": /email_verified/ }],
    ["holds something else as e-mail", "ann@example.com", { claims: { email: "ann" } }, {}, { "e-mail": /'ann', which is no e-mail address/ }],
    ["is of a domain that the issuer does not vouch for", "ann@example.com", {}, { email_domains: ["example.org"] }, { "e-mail": /outside/ }],
    [
      "is the administrator but for the case",
      "ann@example.com",
      { claims: { email: "Root@Example.com" } },
      {},
      { administrator: /'Root@Example.com'.*upper and lower case/ },
    ],
    [
      "is the administrator by upn",
      "ann@example.com",
      { claims: { upn: "root@example.com" } },
      {},
      { administrator: /upn holds 'root@example.com'/ },
    ],
    [
      "holds more groups than Azure AD lists",
      "ann@example.com",
      { claims: { groups: undefined, _claim_names: { groups: "src1" } } },
      {},
      { groups: /^too_many_groups/, acceptance: /^too_many_groups/ },
    ],
    ["names reserved groups", "ann@example.com", { claims: { groups: ["ops", "service:x"] } }, {}, { groups: /'service:x'.*'ops'/ }],
    ["has no scopes", "ann@example.com", { scopes: [] }, {}, { scopes: /^scope_missing.*platform:read and platform:write/ }],
    ["may only read", "ann@example.com", { scopes: ["platform:read"] }, {}, { scopes: /platform:write is not/ }],
    ["has scopes with a prefix", "ann@example.com", { scopes: ["api://x/platform:read"] }, {}, { scopes: /'api:\/\/x\/platform:read'/ }],
  ])("names it when the token %s", async (_what, account, token, oidc, expected) => {
    const { idp, doctor } = await clinic(oidc)
    const { code, found } = await doctor(await idp.token(account, token))
    const wrong = [...found].filter(([check, { ok }]) => ok === false && check !== "roles").map(([check]) => check)
    expect(wrong).toEqual(Object.keys(expected))
    for (const [check, detail] of Object.entries(expected))
      expect(found.get(check)).toMatchObject({ detail: expect.stringMatching(detail), remedy: expect.any(String) })
    expect(code).toBe(1)
  })

  it.each([
    ["the slash at the end", (issuer: string) => `${issuer}/`],
    ["http and https", (issuer: string) => issuer.replace("http:", "https:")],
  ])("names both issuers when they differ in %s only", async (difference, change) => {
    const { idp, doctor } = await clinic()
    const issuer = change(idp.issuer)
    const { found } = await doctor(await idp.token("ann@example.com", { issuer }))
    const { detail } = found.get("issuer") ?? {}
    expect(detail).toContain(`'${issuer}'`)
    expect(detail).toContain(`'${idp.issuer}'`)
    expect(detail).toContain(difference)
  })

  it("says that a token is opaque, and looks no further", async () => {
    const { doctor } = await clinic()
    const { found } = await doctor("AbCd0123")
    expect(found.get("token")).toMatchObject({ ok: false, detail: expect.stringMatching(/^token_malformed/) })
    expect(["issuer", "signature", "e-mail", "roles"].map((check) => found.get(check)?.ok)).toEqual([null, null, null, null])
  })

  it.each(["line one\nline two", "ÄÖÜ secret", ""])("prints nothing of what is no token: %j", async (text) => {
    const { doctor } = await clinic()
    const { out } = await run(["doctor", "--token", text, "--url", "http://127.0.0.1:9"])
    expect(out).not.toMatch(/line one|secret/)
    if (text !== "") expect((await doctor(text)).out).not.toMatch(/line one|secret/)
  })

  it("takes an unsigned token for what it is", async () => {
    const { doctor } = await clinic()
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const now = Math.floor(Date.now() / 1_000)
    const { found } = await doctor(`${part({ alg: "none" })}.${part({ sub: "ann", iat: now, exp: now + 60 })}.`)
    expect(found.get("token")).toMatchObject({ ok: false, detail: expect.stringMatching(/^unsigned_rejected/) })
    expect(found.get("acceptance")).toMatchObject({ ok: false, detail: expect.stringMatching(/^unsigned_rejected/) })
  })

  it.each(["error", "not-json", "redirect", "empty"] as const)("says that the keys cannot be had when the JWKS is '%s'", async (mode) => {
    const { idp, doctor } = await clinic({}, { jwks: mode })
    const { found } = await doctor(await idp.token("ann@example.com"))
    expect(found.get("keys")).toMatchObject({ ok: false, remedy: expect.any(String) })
    expect(found.get("signature")).toMatchObject({ ok: null })
    expect(found.get("acceptance")).toMatchObject({ detail: expect.stringContaining("idp_unavailable") })
  })

  it("says that the identity provider is down", async () => {
    const { idp, doctor } = await clinic()
    await idp.goDown()
    const { found } = await doctor()
    expect(found.get("discovery")).toMatchObject({ ok: false, detail: expect.stringMatching(/^idp_unavailable/) })
    expect(found.get("keys")).toMatchObject({ ok: null })
  })

  it("says that the discovery document names another issuer", async () => {
    const { doctor } = await clinic({ issuer: (issuer: string) => `${issuer}/` })
    const { found } = await doctor()
    expect(found.get("discovery")).toMatchObject({ ok: false, remedy: expect.stringContaining("slash") })
  })

  it("compares the clocks of identity provider and sidecar", async () => {
    const { idp, doctor } = await clinic()
    idp.configure({ clockAheadSeconds: 30 })
    expect((await doctor()).found.get("clock")).toMatchObject({ ok: true })
    idp.configure({ clockAheadSeconds: -600 })
    expect((await doctor()).found.get("clock")).toMatchObject({ ok: false, detail: expect.stringMatching(/600 s behind the sidecar's/) })
  })

  it.each([
    ["the client is not known there", { client_id: "nobody" }, /^client_mismatch/],
    ["the client may not use it", { client_id: "no-device" }, /^device_flow_disabled/],
    ["a scope is not known there", { default_scopes: "openid platform:admin" }, /^invalid_scope/],
  ])("tells that nobody can log in by device flow when %s", async (_what, oidc, detail) => {
    const { doctor } = await clinic(oidc)
    const { found } = await doctor()
    expect(found.get("device flow")).toMatchObject({ ok: false, detail: expect.stringMatching(detail), remedy: expect.any(String) })
  })

  it("names it when a name is sent where tokens are due", async () => {
    const { doctor } = await clinic()
    const { found } = await doctor(undefined, "--as", "ann@example.com")
    expect(found.get("token")).toMatchObject({ ok: null })
    expect(found.get("acceptance")).toMatchObject({ ok: false, detail: expect.stringMatching(/^principal_header_rejected/) })
  })

  it("looks at the roles of a name that the sidecar believes", async () => {
    const { url } = await administeredServer()
    const { found } = await examined(["--url", url, "--as", "root@example.com", "--workspace", "system"])
    expect(found.get("roles")).toMatchObject({ ok: true, detail: expect.stringContaining("PlatformAdmin") })
  })

  it("tells roles that are missing, roles that are too weak, and those that suffice", async () => {
    const { idp, doctor, sidecar } = await clinic()
    const token = await idp.token("ben@example.com")
    const workspace = async (name: string, roles: readonly string[]) => {
      await sidecar.send("POST", "/apis/entities/v2/workspaces", { headers: await bearer(idp), body: { name } })
      if (roles.length > 0)
        await sidecar.send("POST", `/apis/entities/v2/workspaces/${name}/members`, {
          headers: await bearer(idp),
          body: { principal: "ben@example.com", roles },
        })
    }
    await workspace("empty", [])
    await workspace("read", ["Viewer"])
    expect((await doctor(token, "--workspace", "empty")).found.get("roles")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("role_missing"),
      remedy: expect.stringContaining("--workspace empty --principal ben@example.com"),
    })
    expect((await doctor(token, "--workspace", "read")).found.get("roles")).toMatchObject({ ok: true, detail: expect.stringContaining("Viewer") })
    const remove = ["--method", "DELETE", "--path", "/apis/entities/v2/workspaces/read"]
    expect((await doctor(token, ...remove)).found.get("roles")).toMatchObject({ ok: false, detail: expect.stringContaining("role_insufficient") })
    expect((await doctor(token)).found.get("roles")).toMatchObject({ ok: true, detail: expect.stringContaining("'read'") })
  })

  it("tells a scope that is too narrow for what is to be done", async () => {
    const { idp, doctor } = await clinic()
    const token = await idp.token("root@example.com", { scopes: ["platform:read"] })
    expect((await doctor(token, "--workspace", "system")).found.get("scopes")).toMatchObject({ ok: true })
    const { found } = await doctor(token, "--method", write.method, "--path", write.path)
    expect(found.get("scopes")).toMatchObject({ ok: false })
    expect(found.get("roles")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("scope_missing"),
      remedy: expect.stringContaining("platform:write"),
    })
  })

  it("goes by what the sidecar tells when no configuration is named", async () => {
    const { idp, url } = await clinic()
    const { found, code } = await examined(["--url", url], { PORTCULLIS_TOKEN: await idp.token("ann@example.com") })
    expect(found.get("configuration")).toMatchObject({ ok: null })
    expect(["login", "issuer", "signature", "acceptance"].map((check) => found.get(check)?.ok)).toEqual([true, true, true, true])
    expect(["audience", "administrator"].map((check) => found.get(check)?.ok)).toEqual([null, null])
    expect(code).toBe(0)
  })

  it("says that configuration and sidecar disagree", async () => {
    const [one, other] = [await clinic(), await clinic()]
    const { found } = await examined(["--config", one.file, "--url", other.url])
    expect(found.get("login")).toMatchObject({ ok: false, detail: expect.stringContaining(`'${other.idp.issuer}'`) })
  })

  it("says that the configuration is wrong, where, and goes on", async () => {
    const { url } = await clinic()
    const file = written({ auth: { oidc: { issuer: "not a url", client_id: "x" } } })
    const { found, code } = await examined(["--config", file, "--url", url])
    expect(found.get("configuration")).toMatchObject({ ok: false, detail: expect.stringContaining("auth.oidc.issuer") })
    expect(found.get("sidecar")).toMatchObject({ ok: true })
    expect(code).toBe(1)
  })

  it("says that no sidecar answers", async () => {
    const { found, code } = await examined(["--url", "http://127.0.0.1:9"])
    expect(found.get("sidecar")).toMatchObject({ ok: false })
    expect([...found].filter(([, { ok }]) => ok === true)).toEqual([])
    expect(code).toBe(1)
  })

  it.each<[string, ApiReply, object]>([
    ["cannot decide", { status: 503, body: { ready: false } }, { sidecar: { ok: false } }],
    ["is none", { status: 404, body: "" }, { sidecar: { ok: false } }],
    ["does not tell its status here", { status: 403, body: {} }, { data: { ok: null } }],
  ])("says that the sidecar %s", async (_what, reply, expected) => {
    const { url } = await fakeApi(() => reply)
    expect(Object.fromEntries((await examined(["--url", url])).found)).toMatchObject(expected)
  })

  it.each<[string, object, RegExp]>([
    ["a source fails", { sources: [{ name: "sqlite", failing: { since: "2030-01-01T00:00:00Z", attempts: 2, message: "locked" } }] }, /locked/],
    ["a snapshot decides", { snapshot: { path: "x", decides: true, ageSeconds: 61 } }, /snapshot.*61 s/],
    ["bindings name unknown roles", { unknownRoles: { bindings: 2, roles: [{ role: "Viewr", bindings: 2 }] } }, /'Viewr'/],
    [
      "it cannot ask an issuer",
      { issuers: [{ issuer: "https://idp.example.com", keys: 0, lastError: "down" }] },
      /'https:\/\/idp.example.com'.*down/,
    ],
  ])("says that %s", async (_what, status, detail) => {
    const { url } = await fakeApi(() => ({ status: 200, body: { bindings: 1, sources: [], ...status } }))
    expect((await examined(["--url", url])).found.get("data")).toMatchObject({ ok: false, detail: expect.stringMatching(detail) })
  })

  it("says without a token which checks were not made, and exits with 0", async () => {
    const { file, url } = await clinic()
    const { out, code } = await run(["doctor", "--config", file, "--url", url])
    expect(out).toMatch(/^– token .*\n {16}→ .*auth login.*--token/m)
    expect(out).toMatch(
      /^– not checked +issuer, audience, expiry, signature, principal, e-mail, groups, scopes, acceptance, roles: there is no token$/m,
    )
    expect(out).toMatch(/^✓ administrator +admin_email 'root@example\.com' holds PlatformAdmin$/m)
    expect(code).toBe(0)
  })

  it("tells what follows from an issuer that is spelled otherwise as not checked", async () => {
    const { idp, doctor } = await clinic({ issuer: (issuer: string) => `${issuer}/` })
    const { found } = await doctor(await idp.token("ann@example.com"))
    expect(found.get("discovery")).toMatchObject({ ok: false, remedy: expect.stringContaining(`set auth.oidc.issuer to '${idp.issuer}'`) })
    expect(found.get("issuer")).toMatchObject({ ok: false, remedy: `set auth.oidc.issuer to '${idp.issuer}'` })
    for (const check of ["keys", "clock", "device flow"]) expect(found.get(check)).toEqual({ check, ok: null, detail: "see discovery" })
  })

  it("tells what follows from a provider that is away as not checked", async () => {
    const { idp, doctor } = await clinic()
    const token = await idp.token("ann@example.com")
    await idp.goDown()
    const { found } = await doctor(token)
    expect([...found].filter(([, { ok }]) => ok === false).map(([check]) => check)).toEqual(["discovery"])
    for (const check of ["keys", "clock", "device flow"]) expect(found.get(check)).toMatchObject({ ok: null, detail: "see discovery" })
  })

  it("says by the sidecar's word which audience is due, when no configuration is named", async () => {
    const { idp, url } = await clinic()
    const { found } = await examined(["--url", url], { PORTCULLIS_TOKEN: await idp.token("ann@example.com", { audience: "other" }) })
    expect(found.get("audience")).toMatchObject({ ok: false, detail: expect.stringContaining("aud is 'other', due is 'portcullis'") })
  })

  it("says by the sidecar's word which issuer is due, when no configuration is named", async () => {
    const { idp, url } = await clinic()
    const { found } = await examined(["--url", url], { PORTCULLIS_TOKEN: await idp.token("ann@example.com", { issuer: "https://idp.example.org" }) })
    expect(found.get("issuer")).toMatchObject({ ok: false, remedy: expect.stringContaining("auth.oidc.issuer to 'https://idp.example.org'") })
  })

  it("proposes to unset PORTCULLIS_PRINCIPAL where a name is not believed", async () => {
    const { url } = await clinic()
    const { found } = await examined(["--url", url], { PORTCULLIS_PRINCIPAL: "ann@example.com" })
    expect(found.get("acceptance")).toMatchObject({ ok: false, remedy: expect.stringContaining("unset PORTCULLIS_PRINCIPAL") })
  })

  it("proposes no refresh of a token that no login is", async () => {
    const { idp, url } = await clinic()
    const { out } = await examined(["--url", url], { PORTCULLIS_TOKEN: await idp.token("ann@example.com", { expiresInSeconds: -3_600 }) })
    expect(out).toContain("set PORTCULLIS_TOKEN to a new token")
    expect(out).not.toContain("auth refresh")
  })

  it("says that the sidecar still knows a key that the provider has given up", async () => {
    const { idp, doctor } = await clinic()
    const token = await idp.token("ann@example.com")
    expect((await doctor(token)).found.get("acceptance")).toMatchObject({ ok: true })
    await idp.rotateKeys({ keepOld: false })
    const { found } = await doctor(token)
    expect(found.get("signature")).toMatchObject({ ok: false, detail: expect.stringContaining("jwks_cache_seconds") })
    expect(found.get("acceptance")).toMatchObject({ ok: true })
  })

  it("says that the address of admin_email does not hold PlatformAdmin, whatever is asked", async () => {
    const { url } = await administeredServer({ notices: () => ["auth.admin_email was PlatformAdmin and is not; another PlatformAdmin can grant it"] })
    const file = written({ auth: { admin_email: "eve@example.com" } })
    const { found } = await examined(["--config", file, "--url", url])
    expect(found.get("administrator")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("'eve@example.com'"),
      remedy: expect.stringContaining("another PlatformAdmin"),
    })
  })

  it("says that there is no such workspace to somebody who may look into all", async () => {
    const { idp, doctor } = await clinic()
    const { found } = await doctor(await idp.token("root@example.com"), "--workspace", "nowhere")
    expect(found.get("roles")).toMatchObject({ ok: false, detail: expect.stringContaining("no workspace 'nowhere'") })
  })

  it("says that a scope is missing when no workspace is named, too", async () => {
    const { idp, doctor } = await clinic()
    const { found } = await doctor(await idp.token("root@example.com", { scopes: [] }))
    expect(found.get("roles")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("scope_missing"),
      remedy: expect.stringContaining("--scope"),
    })
  })

  it("says what to do about each of several reasons", async () => {
    const { idp, doctor } = await clinic()
    const token = await idp.token("ben@example.com", { scopes: [] })
    const { found } = await doctor(token, "--method", "PUT", "--path", "/apis/entities/v2/workspaces/elsewhere")
    expect(found.get("roles")).toMatchObject({ ok: false, remedy: expect.stringMatching(/members create.*Also, get a token with one of the scopes/) })
  })

  it.each([
    [200, {}, { ok: true }],
    [403, { code: "role_missing", detail: "denied: role_missing; ask an Admin" }, { ok: false, remedy: "ask an Admin" }],
  ])("asks for the wish itself where the sidecar explains nothing: %i", async (status, body, expected) => {
    const { url } = await fakeApi(({ target }) => {
      if (target.endsWith("/explain")) return { status: 401, body: { code: "principal_header_rejected", detail: "not from here" } }
      if (target === "/wish") return { status, body }
      return { status: 200, body: { principal: "ann", bindings: 1, sources: [], auth_enabled: true } }
    })
    const { found } = await examined(["--url", url, "--path", "/wish"], { PORTCULLIS_TOKEN: "t-1" })
    expect(found.get("roles")).toMatchObject(expected)
  })

  it.each([
    ["would change something", "DELETE", "/wish"],
    ["could lead to another host", "GET", ".example.com/wish"],
  ])("says what to list where the sidecar explains nothing and the wish %s", async (_what, method, path) => {
    const { url } = await fakeApi(({ target }) => {
      if (target.endsWith("/explain")) return { status: 401, body: { code: "principal_header_rejected", detail: "not from here" } }
      return { status: 200, body: { principal: "ann", bindings: 1, sources: [], auth_enabled: true } }
    })
    const { found } = await examined(["--url", url, "--method", method, "--path", path], { PORTCULLIS_TOKEN: "t-1" })
    expect(found.get("roles")).toMatchObject({ ok: null, remedy: expect.stringContaining("trusted_peers") })
  })

  it("does not ask a socket, and says so", async () => {
    const file = written({ server: { listen: "unix:/tmp/portcullis.sock" } })
    const { found } = await examined(["--config", file], { PORTCULLIS_TOKEN: "t-1" })
    expect(found.get("sidecar")).toMatchObject({ ok: null, detail: expect.stringContaining("unix:/tmp/portcullis.sock") })
    expect((await run(["doctor", "--url", "unix:/tmp/portcullis.sock"])).code).toBe(2)
  })

  it("names each problem of a configuration, and a file that is not there", async () => {
    const file = written({ auth: { oidc: { issuer: "not a url", client_id: "x" } }, server: { listen: "nowhere" } })
    const { out } = await run(["doctor", "--output", "json", "--config", file, "--url", "http://127.0.0.1:9"])
    const wrong = z
      .array(Found)
      .parse(JSON.parse(out))
      .filter(({ check }) => check === "configuration")
    expect(wrong).toHaveLength(2)
    for (const finding of wrong) expect(finding).toMatchObject({ ok: false, remedy: expect.any(String) })
    const { found } = await examined(["--config", "/nope", "--url", "http://127.0.0.1:9"])
    expect(found.get("configuration")).toMatchObject({ ok: false, remedy: expect.stringContaining("--config") })
  })

  it("prints marks and remedies for people, and never the token", async () => {
    const { idp, file, url } = await clinic()
    const token = await idp.token("upn-only")
    const { out, err } = await run(["doctor", "--config", file, "--url", url, "--token-file", "-"], { input: async () => `${token}\n` })
    expect(out).toMatch(/^✓ configuration +it is valid$/m)
    expect(out).toMatch(/^✗ e-mail .*\n {16}→ set auth.oidc.email_claim to upn$/m)
    expect(out + err).not.toContain(token.slice(0, 20))
  })

  it("runs compiled, reads the token from a file, and exits with 1", async () => {
    const { idp, file, url } = await clinic()
    const tokenFile = join(folder(), "token")
    writeFileSync(tokenFile, await idp.token("ann@example.com", { audience: "other" }))
    const doctor = start(["doctor", "--config", file, "--url", url, "--token-file", tokenFile])
    expect(await doctor.exited).toBe(1)
    expect(doctor.out()).toMatch(/✗ audience .*audience_mismatch/)
  })
})

interface Clinic {
  readonly idp: TestIdp
  readonly sidecar: AdministeredServer
  readonly url: string
  /** The configuration of the sidecar. */
  readonly file: string
  doctor(token?: string, ...args: readonly string[]): Promise<Examined>
}

/** A sidecar that believes a test IdP. @param oidc over what is configured; a function is given what stood there @param conduct of the IdP from the start */
async function clinic(oidc: object = {}, conduct: IdpConduct = {}): Promise<Clinic> {
  const idp = await startTestIdp()
  idp.configure(conduct)
  const usual = { issuer: idp.issuer, client_id: "portcullis-cli", audience: "portcullis" }
  const changed = Object.entries(oidc).map(([name, value]) => [name, typeof value === "function" ? value(idp.issuer) : value])
  const file = written({ auth: { admin_email: "root@example.com", oidc: { ...usual, ...Object.fromEntries(changed) } } })
  const { config } = loadConfig({ file, workingFolder: "/" })
  const sidecar = await administeredServer({ authentication: authenticationOptionsOf(config), discovery: discoveryOptionsOf(config) })
  return {
    idp,
    sidecar,
    url: sidecar.url,
    file,
    doctor: (token, ...args) => examined(["--config", file, "--url", sidecar.url, ...args, ...(token === undefined ? [] : ["--token", token])]),
  }
}

interface Examined {
  readonly code: number
  readonly out: string
  /** The worst finding of each check. */
  readonly found: ReadonlyMap<string, z.infer<typeof Found>>
}

const Found = z.object({ check: z.string(), ok: z.boolean().nullable(), detail: z.string(), remedy: z.string().optional() })

async function examined(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Examined> {
  const { code, out } = await run(["doctor", "--output", "json", ...args], { environment })
  const findings = z.array(Found).parse(JSON.parse(out))
  const found = new Map<string, z.infer<typeof Found>>()
  for (const finding of findings) if (found.get(finding.check)?.ok !== false) found.set(finding.check, finding)
  return { code, out, found }
}

async function bearer(idp: TestIdp): Promise<Readonly<Record<string, string>>> {
  return { Authorization: `Bearer ${await idp.token("root@example.com")}` }
}

function written(config: object): string {
  const file = join(folder(), "portcullis.yaml")
  writeFileSync(file, stringify(config))
  return file
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "portcullis-doctor-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
