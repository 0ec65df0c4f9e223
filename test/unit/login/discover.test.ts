import { describe, expect, it } from "vitest"
import { discoverLogin } from "../../../src/login/index.js"
import { scriptedIdp, type IdpScript } from "../../fixtures/scripted-idp.js"

const oidc = { issuer: "https://idp.example.com", client_id: "portcullis-cli", default_scopes: "openid  platform:read" }

async function discovered(answer: IdpScript, path = "") {
  const sidecar = await scriptedIdp(answer)
  return { sidecar, facts: discoverLogin(`${sidecar.origin}${path}`) }
}

describe("what a sidecar says about logging in", () => {
  it("is its provider, with what the document has", async () => {
    const document = {
      ...oidc,
      token_endpoint: "https://idp.example.com/token",
      device_authorization_endpoint: "https://idp.example.com/device",
      userinfo_endpoint: "https://idp.example.com/me",
      scope_prefix: "api://portcullis",
    }
    const { facts } = await discovered({ body: { auth_enabled: true, oidc: document, more: 1 } })
    expect(await facts).toEqual({
      authEnabled: true,
      provider: {
        issuer: "https://idp.example.com",
        clientId: "portcullis-cli",
        tokenEndpoint: "https://idp.example.com/token",
        deviceAuthorizationEndpoint: "https://idp.example.com/device",
        defaultScopes: ["openid", "platform:read"],
        scopePrefix: "api://portcullis",
      },
    })
  })

  it("may have its scopes in lines", async () => {
    const { facts } = await discovered({ body: { auth_enabled: true, oidc: { ...oidc, default_scopes: "openid\n platform:read\n" } } })
    expect(await facts).toMatchObject({ provider: { defaultScopes: ["openid", "platform:read"] } })
  })

  it("leaves out what is null or empty", async () => {
    const document = { ...oidc, default_scopes: null, token_endpoint: null, device_authorization_endpoint: "", scope_prefix: "" }
    const { facts } = await discovered({ body: { auth_enabled: true, oidc: document } })
    expect(await facts).toEqual({ authEnabled: true, provider: { issuer: "https://idp.example.com", clientId: "portcullis-cli", defaultScopes: [] } })
  })

  it.each([
    [{ auth_enabled: false, oidc: null }, { authEnabled: false }],
    [{ auth_enabled: true }, { authEnabled: true }],
  ])("is without a provider when it has no OIDC: %j", async (body, expected) => {
    expect(await (await discovered({ body })).facts).toEqual(expected)
  })

  it.each([
    ["", "/apis/auth/discovery"],
    ["/", "/apis/auth/discovery"],
    ["/pdp", "/pdp/apis/auth/discovery"],
    ["/pdp//?x=1#y", "/pdp/apis/auth/discovery"],
  ])("is asked for below '%s'", async (path, expected) => {
    const { sidecar, facts } = await discovered({ body: { auth_enabled: false } }, path)
    await facts
    expect(sidecar.asked.map((one) => one.path)).toEqual([expected])
  })

  it.each<readonly [string, IdpScript]>([
    ["404", { status: 404, text: "not found" }],
    ["a page", { text: "<html>" }],
    ["another document", { body: { hello: "world" } }],
    ["null", { text: "null" }],
    ["a provider without a client", { body: { auth_enabled: true, oidc: { issuer: "https://idp.example.com" } } }],
    ["a provider that steers terminals", { body: { auth_enabled: true, oidc: { ...oidc, issuer: "https://idp.example.com/\u001b]0;x\u0007" } } }],
    ["a client that does", { body: { auth_enabled: true, oidc: { ...oidc, client_id: "a\nb" } } }],
    ["scopes that do", { body: { auth_enabled: true, oidc: { ...oidc, default_scopes: "openid a\u202eb" } } }],
    ["another place", { status: 302, headers: { location: "https://other.example.com" } }],
  ])("is not %s: is it a sidecar?", async (_, answer) => {
    const { facts } = await discovered(answer)
    await expect(facts).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      details: { remedy: expect.stringMatching(/Portcullis sidecar\?.*--url/) },
    })
  })

  it("is missed when nobody listens", async () => {
    await expect(discoverLogin("http://127.0.0.1:1")).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      details: { remedy: expect.stringContaining("--url") },
    })
  })

  it.each(["http://portcullis.example.com", "ftp://127.0.0.1", "no URL", ""])("is not asked of '%s'", async (url) => {
    await expect(discoverLogin(url)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})
