import { describe, expect, it } from "vitest"
import { authentication, type Trust } from "../../../src/authn/index.js"

const now = 1_800_000_000
const hooks = { now: () => now * 1_000 }
const { authenticate } = authentication({ allowUnsignedJwt: true, leewaySeconds: 60, hooks })

function encoded(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
}

function unsigned(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
  return `${encoded({ alg: "none", typ: "JWT", ...header })}.${encoded({ sub: "u-1", iat: now, exp: now + 60, ...claims })}.`
}

function ask(token: string, { trust = "local", ...headers }: { readonly trust?: Trust; readonly [name: string]: unknown } = {}) {
  return authenticate({ rawHeaders: ["Authorization", `Bearer ${token}`, ...Object.entries(headers).flat().map(String)], trust })
}

describe("unsigned tokens", () => {
  it("name a person, with an empty set of scopes when they claim none", async () => {
    expect(await ask(unsigned({ iss: "anybody", aud: "anything" }))).toEqual({
      principal: { kind: "person", id: "u-1", scopes: [] },
      proof: "unsigned_token",
      dropped: [],
    })
  })

  it.each([
    [{ scope: "a:read  b:write a:read" }, ["a:read", "b:write"]],
    [{ scope: ["a:read", 5, "b:write"] }, ["a:read", "b:write"]],
    [{ scp: "a:read" }, ["a:read"]],
    [{ scp: ["a:read"] }, ["a:read"]],
    [{ scope: "", scp: "a:read" }, ["a:read"]],
    [{ scope: "a:read", scp: "b:read" }, ["a:read"]],
    [{ scope: 5 }, []],
    [{ scope: "*" }, ["*"]],
  ])("with %j present the scopes %j", async (claims, scopes) => {
    expect((await ask(unsigned(claims))).principal.scopes).toEqual(scopes)
  })

  it.each([
    [{ email: "ann@example.com" }, "ann@example.com", []],
    [{ upn: "ann@example.com" }, "ann@example.com", []],
    [{ email: "", upn: "ann@example.com" }, "ann@example.com", []],
    [{ email: "ann@example.com", email_verified: true }, "ann@example.com", []],
    [{ email: "ann@example.com", email_verified: false }, undefined, ["ann@example.com"]],
    [{ email: "ann" }, undefined, ["ann"]],
    [{ email: "*" }, undefined, ["*"]],
    [{ email: "service:a@b" }, undefined, ["service:a@b"]],
    [{ email: 5 }, undefined, []],
  ])("with %j have the e-mail %s", async (claims, email, dropped) => {
    const caller = await ask(unsigned(claims))
    expect([caller.principal.email, caller.dropped]).toEqual([email, dropped])
  })

  it.each([
    [["devs", "/org/team", "a b", "devs"], ["devs", "/org/team", "a b"], []],
    ["devs, ops", ["devs", "ops"], []],
    [["group:x", "service:y", "*", "ok", ""], ["ok"], ["group:x", "service:y", "*"]],
    [["x".repeat(257), "a\nb"], undefined, ["x".repeat(257), "a\nb"]],
    [["ok", 5, null, {}], ["ok"], []],
    [5, undefined, []],
  ])("with the groups %j are in %j", async (groups, expected, dropped) => {
    const caller = await ask(unsigned({ groups }))
    expect([caller.principal.groups, caller.dropped]).toEqual([expected, dropped])
  })

  it("with more than 100 groups are refused, not truncated", async () => {
    const groups = Array.from({ length: 101 }, (_, at) => `g${at}`)
    await expect(ask(unsigned({ groups }))).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", reason: "too_many_groups" })
  })

  it.each([
    [{ sub: undefined }, "token_malformed"],
    [{ sub: "" }, "token_malformed"],
    [{ sub: 5 }, "token_malformed"],
    [{ sub: " a" }, "token_malformed"],
    [{ sub: "a\u0000" }, "token_malformed"],
    [{ sub: "a".repeat(257) }, "token_malformed"],
    [{ sub: "service:api" }, "subject_reserved"],
    [{ sub: "group:ops" }, "subject_reserved"],
    [{ sub: "*" }, "subject_reserved"],
    [{ iat: undefined }, "token_malformed"],
    [{ iat: "now" }, "token_malformed"],
    [{ exp: undefined }, "token_malformed"],
    [{ exp: "later" }, "token_malformed"],
    [{ exp: now - 61 }, "token_expired"],
    [{ exp: now - 59 }, undefined],
    [{ iat: now + 61 }, "token_not_yet_valid"],
    [{ iat: now + 59 }, undefined],
    [{ nbf: now + 61 }, "token_not_yet_valid"],
    [{ nbf: now + 59 }, undefined],
    [{ nbf: "soon" }, "token_malformed"],
  ])("with %j are %s", async (claims, reason) => {
    const asked = ask(unsigned(claims))
    if (reason === undefined) await expect(asked).resolves.toMatchObject({ principal: { id: "u-1" } })
    else await expect(asked).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason })
  })

  it("are refused unless they are allowed, and from anybody but a trusted peer", async () => {
    const strict = authentication({ hooks })
    const rawHeaders = ["Authorization", `Bearer ${unsigned()}`]
    await expect(strict.authenticate({ rawHeaders, trust: "listed" })).rejects.toMatchObject({
      reason: "unsigned_rejected",
      message: expect.stringContaining("auth.allow_unsigned_jwt"),
    })
    await expect(ask(unsigned(), { trust: "none" })).rejects.toMatchObject({ reason: "unsigned_rejected" })
  })

  it("never are services", async () => {
    expect((await ask(unsigned({ kind: "service", onBehalfOf: { id: "x" } }))).principal).toEqual({ kind: "person", id: "u-1", scopes: [] })
  })
})

describe("other bearer tokens", () => {
  const signed = `${encoded({ alg: "RS256" })}.${encoded({ sub: "root" })}.c2ln`

  it.each([
    ["opaque", "token_malformed"],
    ["ann@example.com", "token_malformed"],
    ["service:api", "token_malformed"],
    ["a b", "token_malformed"],
    ["a.b.c", "token_malformed"],
    [`${encoded("[]")}.${encoded({})}.`, "token_malformed"],
    [`${encoded({ typ: "JWT" })}.${encoded({})}.`, "token_malformed"],
    [`${encoded({ alg: 5 })}.${encoded({})}.`, "token_malformed"],
    [`${encoded({ alg: "none" })}.${encoded({ sub: "a" })}`, "token_malformed"],
    [`${encoded({ alg: "none" })}.${encoded({ sub: "a" })}..`, "token_malformed"],
    [`${unsigned()}c2ln`, "token_malformed"],
    [`${encoded({ alg: "none" })}.bm9uZQ.`, "token_malformed"],
    [unsigned({}, { crit: ["x"], x: 1 }), "token_malformed"],
    [unsigned({}, { alg: "None" }), "algorithm_rejected"],
    [unsigned({}, { alg: "HS256" }), "algorithm_rejected"],
    [signed, "bearer_not_configured"],
  ])("%s are refused: %s", async (token, reason) => {
    await expect(ask(token)).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason })
  })

  it.each(["", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])("'%s' is no bearer token", async (authorization) => {
    await expect(authenticate({ rawHeaders: ["Authorization", authorization], trust: "local" })).rejects.toMatchObject({ reason: "token_malformed" })
  })

  it("beside a principal header decide, and must name the same principal", async () => {
    const token = unsigned({ email: "ann@example.com" })
    for (const same of ["u-1", "ann@example.com"])
      expect(await ask(token, { "X-NMP-Principal-Id": same, "X-NMP-Scopes": "*" })).toMatchObject({
        proof: "unsigned_token",
        principal: { scopes: [] },
      })
    await expect(ask(token, { "X-NMP-Principal-Id": "root" })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", reason: "principal_mismatch" })
    await expect(ask(signed, { "X-NMP-Principal-Id": "root" })).rejects.toMatchObject({ reason: "bearer_not_configured" })
    await expect(ask(signed, { "X-NMP-Principal-Id": "root", trust: "none" })).rejects.toMatchObject({ reason: "bearer_not_configured" })
  })
})
