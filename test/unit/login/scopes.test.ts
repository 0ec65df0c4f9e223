import { describe, expect, it } from "vitest"
import { assertGranted, requestedScopes } from "../../../src/login/index.js"

const plain = { issuer: "https://idp.example.com", clientId: "c", defaultScopes: ["openid", "offline_access", "platform:read", "platform:write"] }
const azure = { ...plain, issuer: "https://login.microsoftonline.com/contoso/v2.0", scopePrefix: "api://portcullis" }

describe("the scopes that are asked for", () => {
  it.each([
    ["all default ones", plain, undefined, ["openid", "offline_access", "platform:read", "platform:write"]],
    ["those named, beside the default ones without a colon", plain, ["platform:read"], ["openid", "offline_access", "platform:read"]],
    ["each once", plain, ["openid", "a:read", "a:read"], ["openid", "offline_access", "a:read"]],
    ["the default ones without a colon when none is named", plain, [], ["openid", "offline_access"]],
    [
      "with the IdP's prefix before own ones",
      azure,
      undefined,
      ["openid", "offline_access", "api://portcullis/platform:read", "api://portcullis/platform:write"],
    ],
    ["with the prefix before .default", { ...azure, defaultScopes: ["openid", ".default"] }, undefined, ["openid", "api://portcullis/.default"]],
    ["with the prefix once", azure, ["api://portcullis/a:read", "a:read"], ["openid", "offline_access", "api://portcullis/a:read"]],
    [
      "with a prefix that has its slash",
      { ...azure, scopePrefix: "api://portcullis/" },
      ["a:read"],
      ["openid", "offline_access", "api://portcullis/a:read"],
    ],
    ["without a prefix that is empty", { ...plain, scopePrefix: "" }, ["a:read"], ["openid", "offline_access", "a:read"]],
    [
      "absolute URIs as they are",
      azure,
      ["https://graph.microsoft.com/.default"],
      ["openid", "offline_access", "https://graph.microsoft.com/.default"],
    ],
  ])("are %s", (_, provider, asked, expected) => {
    expect(requestedScopes(provider, asked)).toEqual(expected)
  })
})

describe("the scopes that are granted", () => {
  const tokens = (...scopes: readonly string[]) => ({ accessToken: "t", scopes })

  it.each([
    ["those that were asked for", plain, ["openid", "platform:read"], tokens("platform:read")],
    ["more", plain, ["platform:read"], tokens("platform:read", "platform:write")],
    ["written without the prefix", azure, ["api://portcullis/platform:read"], tokens("platform:read")],
    ["written with the prefix", azure, ["platform:read"], tokens("api://portcullis/platform:read")],
    ["those that were asked for when the answer does not say", plain, ["platform:read"], { accessToken: "t" }],
  ])("may be %s", (_, provider, asked, granted) => {
    expect(() => assertGranted(provider, asked, granted)).not.toThrow()
  })

  it("must be all that were asked for with a colon", () => {
    expect(() => assertGranted(plain, ["openid", "a:read", "a:write", "a:write"], tokens("a:read"))).toThrow(
      expect.objectContaining({
        code: "ERR_UNAUTHENTICATED",
        reason: "scope_not_granted",
        details: expect.objectContaining({ missing: ["a:write"] }),
      }),
    )
  })

  it.each([
    [azure, /"Expose an API".*admin consent/],
    [{ ...plain, scopePrefix: "api://portcullis" }, /"Expose an API".*admin consent/],
    [{ ...plain, issuer: "https://dev-1.okta.com" }, /Authorization Servers/],
    [{ ...plain, issuer: "https://sso.example.com/realms/r" }, /client scopes/],
    [plain, /--scope/],
  ])("have a remedy when they are missing at %j", (provider, remedy) => {
    expect(() => assertGranted(provider, ["a:read"], tokens())).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ remedy: expect.stringMatching(remedy) }) }),
    )
  })
})
