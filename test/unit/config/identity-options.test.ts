import { describe, expect, it } from "vitest"
import { authentication, loginDiscovery } from "../../../src/authn/index.js"
import { authenticationOptionsOf, discoveryOptionsOf, verifiesTokens } from "../../../src/config/index.js"
import { configured } from "../../fixtures/configured.js"

const oidc = "issuer: https://idp.example, client_id: cli"

/** The options with these keys of `auth.oidc`. */
function options(keys: string) {
  return authenticationOptionsOf(configured(`auth: { oidc: { ${keys} } }`).config)
}

describe("the options of authentication", () => {
  it("have no issuer by default", () => {
    const { config } = configured("")
    expect(authenticationOptionsOf(config)).toMatchObject({ enabled: true, allowUnsignedJwt: false, issuers: [], headerPrefix: "X-NMP-" })
    expect(verifiesTokens(config)).toBe(false)
  })

  it("have what is configured", () => {
    const more =
      "jwks_uri: https://idp.example/keys, email_claim: upn, groups_claim: roles, subject_claim: oid, scope_prefix: 'api://x/', email_domains: [a.example]"
    expect(options(`${oidc}, audience: portcullis, ${more}, leeway_seconds: 5, allowed_hosts: [IDP.example]`)).toMatchObject({
      issuers: [
        {
          issuer: "https://idp.example",
          audience: "portcullis",
          clientId: "cli",
          jwksUri: "https://idp.example/keys",
          emailClaim: "upn",
          groupsClaim: "roles",
          subjectClaim: "oid",
          scopePrefix: "api://x/",
          emailDomains: ["a.example"],
        },
      ],
      allowedHosts: ["idp.example"],
      jwksCacheSeconds: 3_600,
      jwksCooldownSeconds: 5,
      leewaySeconds: 5,
    })
  })

  it("give an issuer that is a text all but keys and domains of the first", () => {
    const first = "audience: all, email_claim: upn, scope_prefix: 'api://x/', jwks_uri: https://idp.example/keys, email_domains: [a.example]"
    const [, second] = options(`${oidc}, ${first}, additional_issuers: [https://b.example]`).issuers ?? []
    expect(second).toMatchObject({ issuer: "https://b.example", audience: "all", clientId: "cli", emailClaim: "upn", scopePrefix: "api://x/" })
    expect(second?.jwksUri).toBeUndefined()
    expect(second?.emailDomains).toBeUndefined()
  })

  it("never take the audience of another issuer for one that has a client of its own", () => {
    const others = "additional_issuers: [{ issuer: https://b.example, client_id: b }, { issuer: https://c.example, email_claim: mail }]"
    const [, second, third] = options(`${oidc}, audience: all, ${others}`).issuers ?? []
    expect(second).toMatchObject({ clientId: "b", emailClaim: "email" })
    expect(second?.audience).toBeUndefined()
    expect(third).toMatchObject({ audience: "all", clientId: "cli", emailClaim: "mail" })
  })

  it("leave the default name of groups to the reader of claims, which knows Cognito's, too", () => {
    expect(options(oidc).issuers?.[0]?.groupsClaim).toBeUndefined()
    expect(
      options(`${oidc}, groups_claim: roles, additional_issuers: [{ issuer: https://b.example, groups_claim: groups }]`).issuers?.[1],
    ).toMatchObject({
      groupsClaim: undefined,
    })
  })

  it("have no issuer when tokens are not looked at, or OIDC is off", () => {
    expect(authenticationOptionsOf(configured(`auth: { enabled: false, oidc: { ${oidc} } }`).config)).toMatchObject({ enabled: false, issuers: [] })
    expect(options(`${oidc}, enabled: false`).issuers).toEqual([])
  })

  it("are options that authentication takes", () => {
    const others = "additional_issuers: [https://b.example, { issuer: https://c.example, audience: c }]"
    const { issuers } = authentication(options(`${oidc}, ${others}`))
    expect(issuers().map(({ issuer }) => issuer)).toEqual(["https://idp.example", "https://b.example", "https://c.example"])
  })
})

describe("the options of discovery", () => {
  it("say that there is nothing to log in to by default", () => {
    expect(discoveryOptionsOf(configured("").config)).toEqual({ authEnabled: true })
    expect(discoveryOptionsOf(configured("auth: { enabled: false }").config)).toEqual({ authEnabled: false })
  })

  it.each([
    ["hardened", "openid profile email offline_access platform:read platform:write"],
    ["nemo", "openid profile email offline_access"],
  ])("ask for scopes as the %s profile does", (profile, scopes) => {
    const { config } = configured(`profile: ${profile}\nauth: { oidc: { ${oidc} } }`)
    expect(discoveryOptionsOf(config).oidc).toMatchObject({
      issuer: "https://idp.example",
      clientId: "cli",
      defaultScopes: scopes,
      cacheSeconds: 300,
    })
  })

  it("let configured scopes and endpoints win", async () => {
    const paths = { authorization_endpoint: "authorize", token_endpoint: "token", device_authorization_endpoint: "device", userinfo_endpoint: "me" }
    const endpoints = Object.entries(paths).map(([name, path]) => `${name}: https://idp.example/${path}`)
    const { config } = configured(`auth: { oidc: { ${oidc}, default_scopes: openid, scope_prefix: 'api://x/', ${endpoints.join(", ")} } }`)
    expect(await loginDiscovery(discoveryOptionsOf(config)).read()).toEqual({
      auth_enabled: true,
      oidc: {
        issuer: "https://idp.example",
        client_id: "cli",
        default_scopes: "openid",
        scope_prefix: "api://x/",
        ...Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `https://idp.example/${path}`])),
      },
    })
  })
})
