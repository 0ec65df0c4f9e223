import { describe, expect, it } from "vitest"
import { authenticationReasons, challengeFor } from "../../../src/authn/index.js"

describe("WWW-Authenticate", () => {
  it.each(["no_credentials", "not_authenticated", "principal_header_rejected"])("names no error when no credentials came (%s)", (code) => {
    expect(challengeFor(code)).toBe("Bearer")
  })

  const refused = Object.entries(authenticationReasons)
    .filter(([code, row]) => row.code === "ERR_UNAUTHENTICATED" && code !== "no_credentials" && code !== "principal_header_rejected")
    .map(([code]) => code)

  it.each(refused)("names %s, in characters that RFC 6750 allows", (code) => {
    expect(challengeFor(code)).toMatch(new RegExp(`^Bearer error="invalid_token", error_description="${code}: [\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]+"$`))
  })

  it("says of each cause something else", () => {
    expect(new Set(refused.map((code) => challengeFor(code))).size).toBe(refused.length)
  })

  it.each(["unauthenticated", "", "__proto__", "constructor", 'x", error="none'])("describes no cause that is not on the list (%j)", (code) => {
    expect(challengeFor(code)).toBe('Bearer error="invalid_token"')
  })

  it.each([
    [["a:read", "a:write"], ', scope="a:read a:write"'],
    [["a:read", "a:read"], ', scope="a:read"'],
    [[], ""],
    [['a"b', "a\\b", "a b", "", "ä", "a\r\nSet-Cookie: b"], ""],
    [["ok", 'a", error="none'], ', scope="ok"'],
  ])("names the scopes %j that are missing", (scopes, parameter) => {
    expect(challengeFor("scope_missing", scopes)).toBe(`Bearer error="insufficient_scope"${parameter}`)
  })

  it("names scopes for no other cause", () => {
    expect(challengeFor("no_credentials", ["a:read"])).toBe("Bearer")
    expect(challengeFor("token_expired", ["a:read"])).not.toContain("a:read")
  })
})
