import { afterAll, describe, expect, it } from "vitest"
import { authentication, type IssuerOptions } from "../../../src/authn/index.js"
import { signed, startTestIssuer, testKey } from "../../fixtures/test-issuer.js"

const key = await testKey("ES256", "one")
const server = await startTestIssuer([key.jwk])
const second = await startTestIssuer([key.jwk])
const { issuer } = server
const now = Math.floor(Date.now() / 1_000)
afterAll(() => Promise.all([server.stop(), second.stop()]))

type Claims = Readonly<Record<string, unknown>>
type Options = Partial<IssuerOptions>

async function ask(issuers: readonly IssuerOptions[], claims: Claims) {
  const token = await signed(key, { iss: issuer, aud: "api", sub: "u-1", iat: now, exp: now + 300, ...claims })
  return authentication({ issuers }).authenticate({ rawHeaders: ["Authorization", `Bearer ${token}`], trust: "none" })
}

function askOne(options: Options, claims: Claims) {
  return ask([{ issuer, audience: "api", ...options }], claims)
}

const groups = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `g${at}`)
const tooMany = { code: "ERR_INPUT_INVALID", reason: "too_many_groups" }

describe("the claims of a verified token", () => {
  it("name a person", async () => {
    const claims = { email: "ann@example.com", email_verified: true, groups: ["ops", "ml"], scope: "openid platform:read" }
    expect(await askOne({}, claims)).toEqual({
      principal: { kind: "person", id: "u-1", email: "ann@example.com", groups: ["ops", "ml"], scopes: ["openid", "platform:read"] },
      proof: "verified_token",
      dropped: [],
    })
  })

  it("are for the client id where no audience is set", async () => {
    const options = { audience: undefined, clientId: "portcullis-cli" }
    expect(await askOne(options, { aud: ["portcullis-cli"] })).toMatchObject({ principal: { id: "u-1" } })
    await expect(askOne(options, { aud: "api" })).rejects.toMatchObject({ reason: "audience_mismatch" })
  })

  it.each<[Options, Claims, string]>([
    [{}, { oid: "o-1" }, "u-1"],
    [{ subjectClaim: "oid" }, { oid: "o-1" }, "o-1"],
    [{ subjectClaim: "oid" }, {}, "u-1"],
    [{ subjectClaim: "oid" }, { oid: "" }, "u-1"],
    [{ subjectClaim: "oid" }, { oid: null }, "u-1"],
    [{ subjectClaim: "constructor" }, {}, "u-1"],
    [{ subjectClaim: "https://example.com/id" }, { "https://example.com/id": "x" }, "x"],
    [{}, { sub: "ann@example.com" }, "ann@example.com"],
    [{}, { sub: "Service:api" }, "Service:api"],
  ])("with %j and %j are of %s", async (options, claims, id) => {
    expect((await askOne(options, claims)).principal.id).toBe(id)
  })

  it.each<[Options, Claims, string]>([
    [{ subjectClaim: "oid" }, { oid: 5 }, "token_malformed"],
    [{ subjectClaim: "oid" }, { oid: ["o-1"] }, "token_malformed"],
    [{ subjectClaim: "oid" }, { oid: "service:api" }, "subject_reserved"],
    [{ subjectClaim: "oid" }, { oid: "o-1", sub: undefined }, "token_malformed"],
    [{ emailDomains: ["example.com"] }, { sub: "ann@other.example" }, "subject_domain"],
    [{ emailDomains: ["example.com"] }, { sub: "ann@sub.example.com" }, "subject_domain"],
    [{ emailDomains: ["example.com"] }, { sub: "ann@other.example@example.com" }, "subject_domain"],
    [{ emailDomains: ["example.com"] }, { sub: "ann@" }, "subject_domain"],
    [{ emailDomains: [] }, { sub: "ann@example.com" }, "subject_domain"],
  ])("with %j and %j are refused: %s", async (options, claims, reason) => {
    await expect(askOne(options, claims)).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason })
  })

  it.each<[Options, Claims, string | undefined, readonly string[]]>([
    [{}, { upn: "ann@example.com" }, undefined, []],
    [{}, { email: "", upn: "ann@example.com" }, undefined, []],
    [{ emailClaim: "upn" }, { upn: "Carl@Example.com", email: "ann@example.com" }, "Carl@Example.com", []],
    [{ emailClaim: "upn" }, { email: "ann@example.com" }, undefined, []],
    [{ emailClaim: "email" }, { upn: "ann@example.com" }, undefined, []],
    [{}, { email: "ann@example.com", email_verified: null }, "ann@example.com", []],
    [{}, { email: "ann@example.com", email_verified: "true" }, "ann@example.com", []],
    [{}, { email: "ann@example.com", email_verified: false }, undefined, ["ann@example.com"]],
    [{}, { email: "ann@example.com", email_verified: "false" }, undefined, ["ann@example.com"]],
    [{}, { email: "ann@example.com", email_verified: 0 }, undefined, ["ann@example.com"]],
    [{}, { email: ["ann@example.com"] }, undefined, []],
    [{}, { email: "service:api" }, undefined, ["service:api"]],
    [{}, { email: "ann@a@b" }, undefined, ["ann@a@b"]],
    [{ emailDomains: ["EXAMPLE.com"] }, { email: "ann@Example.COM" }, "ann@Example.COM", []],
    [{ emailDomains: ["example.com"] }, { email: "ann@other.example" }, undefined, ["ann@other.example"]],
    [{ emailDomains: [] }, { email: "ann@example.com" }, undefined, ["ann@example.com"]],
  ])("with %j and %j have the e-mail %s", async (options, claims, email, dropped) => {
    const caller = await askOne(options, claims)
    expect([caller.principal.email, caller.dropped]).toEqual([email, dropped])
  })

  it.each<[Options, Claims, readonly string[] | undefined]>([
    [{}, { groups: ["Team A", "ops"] }, ["Team A", "ops"]],
    [{}, { groups: "ops, Team A" }, ["ops", "Team A"]],
    [{}, { groups: "ops  ml" }, ["ops", "ml"]],
    [{}, { groups: "" }, undefined],
    [{}, { "cognito:groups": ["ops"] }, ["ops"]],
    [{}, { groups: ["ml"], "cognito:groups": ["ops"] }, ["ml"]],
    [{}, { groups: [], "cognito:groups": ["ops"] }, undefined],
    [{ groupsClaim: "roles" }, { roles: ["ops"], groups: ["ml"] }, ["ops"]],
    [{ groupsClaim: "roles" }, { groups: ["ml"], "cognito:groups": ["ops"] }, undefined],
    [{ groupsClaim: "realm_access.roles" }, { realm_access: { roles: ["ops"] } }, ["ops"]],
    [{ groupsClaim: "realm_access.roles" }, { realm_access: { roles: ["ops"] }, "realm_access.roles": ["ml"] }, ["ml"]],
    [{ groupsClaim: "resource_access.api.roles" }, { resource_access: { api: { roles: "ops" } } }, ["ops"]],
    [{ groupsClaim: "a.b.c" }, { a: { b: null } }, undefined],
    [{ groupsClaim: "a.length" }, { a: ["x"] }, undefined],
    [{ groupsClaim: "a.0" }, { a: ["x"] }, undefined],
    [{ groupsClaim: "__proto__.roles" }, {}, undefined],
    [{ groupsClaim: "a.__proto__.roles" }, { a: {} }, undefined],
    [{ groupsClaim: "a.constructor.name" }, { a: {} }, undefined],
    [{ groupsClaim: "toString" }, {}, undefined],
    [{}, { groups: ["group:x", "service:y", "*", "ok"] }, ["ok"]],
    [{ groupsClaim: "roles" }, { roles: ["ops"], hasgroups: true, _claim_names: { groups: "src1" } }, ["ops"]],
    [{}, { groups: ["ops"], hasgroups: false, _claim_names: {} }, ["ops"]],
    [{}, { groups: groups(100) }, groups(100)],
  ])("with %j and %j are in the groups %j", async (options, claims, expected) => {
    expect((await askOne(options, claims)).principal.groups).toEqual(expected)
  })

  it.each<[Options, Claims]>([
    [{}, { groups: groups(101) }],
    [{}, { groups: groups(101).join(" ") }],
    [{ groupsClaim: "realm_access.roles" }, { realm_access: { roles: groups(101) } }],
    [{}, { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "https://graph.windows.net/x" } } }],
    [{}, { hasgroups: true }],
    [{}, { hasgroups: "true", "cognito:groups": ["ops"] }],
    [{ groupsClaim: "roles" }, { _claim_names: { roles: "src1" } }],
  ])("with too many groups are refused, never cut: %#", async (options, claims) => {
    await expect(askOne(options, claims)).rejects.toMatchObject(tooMany)
  })

  it("of Azure AD that leave the groups out are refused with what to do in Azure AD", async () => {
    await expect(askOne({}, { hasgroups: true })).rejects.toMatchObject({ message: expect.stringContaining("Azure AD") })
  })

  it.each<[Options, Claims, readonly string[]]>([
    [{}, {}, []],
    [{}, { scope: ["platform:read", "platform:write"] }, ["platform:read", "platform:write"]],
    [{}, { scp: "platform:read openid" }, ["platform:read", "openid"]],
    [{}, { scp: ["platform:read"] }, ["platform:read"]],
    [{}, { scope: [], scp: ["platform:read"] }, ["platform:read"]],
    [{}, { scope: ["platform:read  platform:write", "openid"] }, ["platform:read", "platform:write", "openid"]],
    [{ scopePrefix: "api://app" }, { scp: ["openid api://app/platform:read"] }, ["openid", "platform:read"]],
    [{}, { scope: "api://app/platform:read" }, ["api://app/platform:read"]],
    [{ scopePrefix: "api://app" }, { scope: "api://app/platform:read openid" }, ["platform:read", "openid"]],
    [{ scopePrefix: "api://app/" }, { scope: ["api://app/platform:read", "platform:read"] }, ["platform:read"]],
    [{ scopePrefix: "api://app" }, { scope: "api://application/platform:read api://app/" }, ["api://application/platform:read"]],
  ])("with %j and %j present the scopes %j", async (options, claims, scopes) => {
    expect((await askOne(options, claims)).principal.scopes).toEqual(scopes)
  })
})

describe("a name", () => {
  const blank = {
    "\u2028": "line",
    "\u2029": "paragraph",
    "\u3164": "filler",
    "\u2800": "Braille",
    "\u034f": "joiner",
    "\ufe0f": "selector",
    "\u200b": "width",
  }

  it.each(Object.entries(blank))("with %j, which nobody sees (%s), is none", async (character) => {
    const name = `ann${character}x`
    await expect(askOne({}, { sub: name })).rejects.toMatchObject({ reason: "token_malformed" })
    const { principal, dropped } = await askOne({}, { email: `${name}@example.com`, groups: [name, "ops"] })
    expect(principal).toMatchObject({ id: "u-1", groups: ["ops"] })
    expect(principal).not.toHaveProperty("email")
    expect(dropped).toEqual([`${name}@example.com`, name])
  })

  it("of a group in a list that holds a comma is dropped, because it would be two in a header", async () => {
    expect(await askOne({}, { groups: ["ops,admins", "CN=ops,DC=example", "Team A"] })).toMatchObject({
      principal: { groups: ["Team A"] },
      dropped: ["ops,admins", "CN=ops,DC=example"],
    })
  })
})

describe("with several issuers, e-mails", () => {
  const issuers = [
    { issuer, audience: "api", emailDomains: ["example.com"] },
    { issuer: second.issuer, audience: "api" },
  ]

  it("count where their issuer vouches for the domain", async () => {
    expect((await ask(issuers, { email: "ann@example.com" })).principal.email).toBe("ann@example.com")
    expect(await ask(issuers, { email: "ann@other.example" })).toMatchObject({ dropped: ["ann@other.example"] })
    expect((await ask(issuers, { sub: "ann@example.com" })).principal.id).toBe("ann@example.com")
  })

  it("do not count where the issuer lists no domains", async () => {
    const caller = await ask(issuers, { iss: second.issuer, email: "ann@example.com" })
    expect(caller).toMatchObject({ principal: { id: "u-1" }, dropped: ["ann@example.com"] })
    expect(caller.principal.email).toBeUndefined()
    await expect(ask(issuers, { iss: second.issuer, sub: "ann@example.com" })).rejects.toMatchObject({ reason: "subject_domain" })
  })
})
