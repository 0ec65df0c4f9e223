import { describe, expect, it } from "vitest"
import { formatOrigin } from "../../../src/config/index.js"
import { configProblems, configured } from "../../fixtures/configured.js"

const main = "issuer: https://idp.example, client_id: cli"

/** Problems of `auth.oidc` with these keys, in line 1. */
function oidcProblems(keys: string): readonly string[] {
  return configProblems(`auth: { oidc: { ${keys} } }`)
}

describe("auth.oidc", () => {
  it("is off by default, with the reference's names of claims", () => {
    const { oidc } = configured("").config.auth
    expect(oidc).toMatchObject({
      additional_issuers: [],
      email_claim: "email",
      groups_claim: "groups",
      subject_claim: "sub",
      discovery_cache_ttl: 300,
      jwks_cache_seconds: 3_600,
      jwks_cooldown_seconds: 5,
      leeway_seconds: 60,
      allowed_hosts: [],
    })
    expect(oidc.issuer).toBeUndefined()
  })

  it.each(["PORTCULLIS_AUTH__OIDC__ISSUER", "NMP_AUTH_OIDC__ISSUER", "NMP_AUTH_OIDC_ISSUER"])("takes its issuer from %s", (name) => {
    const environment = { [name]: "https://idp.example", NMP_AUTH_OIDC_CLIENT_ID: "cli" }
    const loaded = configured("", { environment })
    expect(loaded.config.auth.oidc).toMatchObject({ issuer: "https://idp.example", client_id: "cli" })
    expect(loaded.warnings).toEqual([])
    const value = loaded.values.find(({ setting }) => setting.key === "auth.oidc.issuer")
    expect(value && formatOrigin(value.origin)).toBe(`env ${name}`)
  })

  it("lets our name win over both of the reference's, whatever their order", () => {
    const environment = {
      NMP_AUTH_OIDC_CLIENT_ID: "flat",
      PORTCULLIS_AUTH__OIDC__CLIENT_ID: "ours",
      NMP_AUTH_OIDC__CLIENT_ID: "nested",
      NMP_AUTH_OIDC__AUDIENCE: "nested",
      NMP_AUTH_OIDC_AUDIENCE: "flat",
    }
    expect(configured(`auth: { oidc: { issuer: "https://idp.example" } }`, { environment }).config.auth.oidc).toMatchObject({
      client_id: "ours",
      audience: "nested",
    })
  })

  it.each([
    ["issuer: http://idp.example, client_id: c", /auth\.oidc\.issuer "http:.*use https/],
    ["issuer: idp, client_id: c", /auth\.oidc\.issuer "idp": this is not a URL/],
    ["issuer: 'https://idp.example?a=b', client_id: c", /has a query/],
    ["issuer: 'https://idp.example/#a', client_id: c", /has a fragment/],
    ["issuer: 'https://idp.example ', client_id: c", /holds a space/],
    ["issuer: https://169.254.169.254/, client_id: c", /is refused; link-local/],
    ["issuer: ftp://idp.example, client_id: c", /is not an https URL/],
    ["issuer: https://login.microsoftonline.com/common/v2.0, client_id: c", /Azure's address for all tenants/],
    ["issuer: https://idp.example/.well-known/openid-configuration, client_id: c", /is the discovery document/],
    [`${main}, jwks_uri: http://idp.example/keys`, /auth\.oidc\.jwks_uri/],
    [`${main}, token_endpoint: http://idp.example/token`, /auth\.oidc\.token_endpoint/],
    [`${main}, device_authorization_endpoint: 'https://idp.example/device#x'`, /auth\.oidc\.device_authorization_endpoint.*fragment/],
    [`${main}, authorization_endpoint: x`, /auth\.oidc\.authorization_endpoint/],
    [`${main}, userinfo_endpoint: x`, /auth\.oidc\.userinfo_endpoint/],
    [`${main}, default_scopes: 'openid  email'`, /auth\.oidc\.default_scopes.*one space/],
    [`${main}, default_scopes: 'openid "x"'`, /auth\.oidc\.default_scopes/],
    [`${main}, scope_prefix: 'api://a b'`, /auth\.oidc\.scope_prefix/],
    [
      `${main}, email_domains: [ann@example.com]`,
      /auth\.oidc\.email_domains\[0\] "ann@example\.com": is an address; write the domain alone: example\.com/,
    ],
    [`${main}, email_domains: ['@']`, /is an address/],
    [`${main}, email_domains: [example.com, '*.example.com']`, /email_domains\[1\].*wildcard/],
    [`${main}, email_domains: [example..com]`, /is no domain/],
    [`${main}, allowed_hosts: ['https://idp.example']`, /allowed_hosts\[0\].*no host name/],
    [`${main}, allowed_hosts: [other.example]`, /auth\.oidc\.allowed_hosts does not contain 'idp\.example', the host of auth\.oidc\.issuer; add it/],
    [
      `${main}, allowed_hosts: [idp.example], jwks_uri: https://keys.example/jwks`,
      /does not contain 'keys\.example', the host of auth\.oidc\.jwks_uri/,
    ],
    ["enabled: true", /auth\.oidc\.enabled is true without auth\.oidc\.issuer/],
    ["issuer: https://idp.example", /auth\.oidc\.issuer has neither audience nor client_id/],
    ["additional_issuers: [https://a.example]", /auth\.oidc\.additional_issuers is set without auth\.oidc\.issuer/],
    [`${main}, leeway_seconds: 3601`, /is more than 600/],
    [`${main}, discovery_cache_ttl: -1`, /is less than 0/],
  ])("refuses %s", (keys, problem) => {
    expect(oidcProblems(keys)).toEqual([expect.stringMatching(problem)])
    expect(oidcProblems(keys)[0]).toMatch(/^portcullis\.yaml:1: /)
  })

  it.each([
    main,
    "issuer: http://127.0.0.1:9400, audience: portcullis",
    "issuer: 'http://localhost:9400/realms/x', audience: portcullis",
    `${main}, jwks_uri: 'https://tenant.b2clogin.com/keys?p=b2c_1_sign_in'`,
    `${main}, allowed_hosts: [IDP.example]`,
    `${main}, email_domains: [example.com, Example.ORG, bücher.example]`,
    `${main}, default_scopes: openid api://portcullis/platform:read`,
    `enabled: false, issuer: https://idp.example`,
    `enabled: false, additional_issuers: [https://a.example]`,
  ])("takes %s", (keys) => {
    expect(oidcProblems(keys)).toEqual([])
  })

  it("never shows the password of a URL that holds one", () => {
    const [problem = ""] = oidcProblems("issuer: https://root:hunter2@idp.example, client_id: c")
    expect(problem).toContain("holds a name or password")
    expect(problem).not.toContain("hunter2")
  })

  it("warns when keys stand there and OIDC stays off for want of an issuer", () => {
    expect(configured("auth: { oidc: { client_id: cli } }").warnings).toEqual([
      expect.stringMatching(/^portcullis\.yaml:1: auth\.oidc\.client_id does nothing without auth\.oidc\.issuer/),
    ])
    expect(configured("auth: { oidc: { client_id: cli, enabled: false } }").warnings).toEqual([])
  })
})

describe("auth.oidc.additional_issuers", () => {
  const yaml = (entries: string): string => `auth:\n  oidc:\n    issuer: https://idp.example\n    client_id: cli\n    additional_issuers:\n${entries}`

  it("takes texts and objects", () => {
    const { config } = configured(yaml("      - https://a.example\n      - { issuer: https://b.example, audience: b, email_domains: [b.example] }\n"))
    expect(config.auth.oidc.additional_issuers).toEqual([
      "https://a.example",
      { issuer: "https://b.example", audience: "b", email_domains: ["b.example"] },
    ])
  })

  it.each([
    ["https://a.example, https://b.example", ["https://a.example", "https://b.example"]],
    ['["https://a.example", {"issuer": "https://b.example"}]', ["https://a.example", { issuer: "https://b.example" }]],
    [' [{"issuer": "https://b.example"}]', [{ issuer: "https://b.example" }]],
  ])("are separated by commas in a variable, or JSON: %s", (text, issuers) => {
    const environment = { PORTCULLIS_AUTH__OIDC__ADDITIONAL_ISSUERS: text }
    expect(configured(yaml("      []"), { environment }).config.auth.oidc.additional_issuers).toEqual(issuers)
  })

  it.each([
    ['[{"issuer": ', /^env NMP_AUTH_OIDC__ADDITIONAL_ISSUERS: auth\.oidc\.additional_issuers begins with '\[' and is not JSON/],
    ['[{"issuer": "https://a.example", "issuer": "https://b.example"}]', /holds the key .*issuer.* twice in one object/],
    ['[{"issuer": "https://a.example", "__proto__": {"audience": "b"}}]', /unknown key 'auth\.oidc\.additional_issuers\[0\]\.__proto__'/],
    ["[1]", /auth\.oidc\.additional_issuers\[0\] 1: is neither a text nor an object/],
    ["http://a.example", /auth\.oidc\.additional_issuers\[0\] "http:.*use https/],
  ])("refuse the variable %s", (text, problem) => {
    const environment = { NMP_AUTH_OIDC__ADDITIONAL_ISSUERS: text }
    expect(configProblems(yaml("      []"), { environment })).toEqual([expect.stringMatching(problem)])
  })

  it.each([
    ["      - issuer: https://a.example\n        audiance: x\n", /^portcullis\.yaml:7: unknown key '.*\[0\]\.audiance'; did you mean 'audience'\?$/],
    ["      - issuer: https://a.example\n        colour: x\n", /^portcullis\.yaml:7: unknown key '.*\[0\]\.colour'; known are issuer, audience, /],
    ["      - https://a.example\n      - audience: x\n", /^portcullis\.yaml:7: auth\.oidc\.additional_issuers\[1\]\.issuer: is missing$/],
    [
      "      - issuer: https://a.example\n        email_domains:\n          - a.example\n          - a@b\n",
      /^portcullis\.yaml:9: .*\[0\]\.email_domains\[1\] "a@b"/,
    ],
    ["      - issuer: https://a.example\n        jwks_uri: http://a.example\n", /^portcullis\.yaml:7: .*\[0\]\.jwks_uri/],
    ["      - https://a.example\n      - https://idp.example\n", /^portcullis\.yaml:7: .*\[1\] 'https:\/\/idp\.example' is an issuer already/],
    ["      - https://a.example\n      - https://a.example\n", /^portcullis\.yaml:7: .*\[1\] .* is an issuer already/],
    ["      - ~\n", /\[0\] null: is neither a text nor an object/],
    ["      - [https://a.example]\n", /\[0\] \["https:\/\/a\.example"\]: is neither a text nor an object/],
  ])("name the line, the member and the nearest one of %j", (entries, problem) => {
    expect(configProblems(yaml(entries))).toEqual([expect.stringMatching(problem)])
  })

  it("need an audience each, their own or the first issuer's", () => {
    const first = "auth:\n  oidc:\n    issuer: https://idp.example\n"
    const others = "    additional_issuers:\n      - https://a.example\n      - { issuer: https://b.example, client_id: b }\n"
    expect(configProblems(`${first}${others}`)).toEqual([
      expect.stringMatching(/^portcullis\.yaml:3: auth\.oidc\.issuer has neither/),
      expect.stringMatching(/^portcullis\.yaml:5: auth\.oidc\.additional_issuers\[0\] 'https:\/\/a\.example' has neither/),
    ])
    expect(configProblems(`${first}    audience: all\n${others}`)).toEqual([])
  })

  it("must be reachable, keys too, where hosts are listed", () => {
    const hosts = "    allowed_hosts: [idp.example, a.example]\n"
    const entries = "      - https://a.example\n      - { issuer: https://b.example, jwks_uri: https://a.example/keys }\n"
    expect(configProblems(`${yaml(entries)}${hosts}`)).toEqual([expect.stringMatching(/does not contain 'b\.example', the host of .*\[1\]; add it/)])
  })

  it("are warned about when they and the first vouch for no e-mail address", () => {
    const { warnings } = configured(yaml("      - https://a.example\n      - { issuer: https://b.example, email_domains: [b.example] }\n"))
    expect(warnings).toEqual([
      expect.stringMatching(/^portcullis\.yaml:3: auth\.oidc\.issuer vouches for no e-mail address, .* auth\.oidc\.email_domains$/),
      expect.stringMatching(/^portcullis\.yaml:6: auth\.oidc\.additional_issuers\[0\] vouches for no e-mail address/),
    ])
  })

  it("are found in lines that an anchor repeats", () => {
    const text = "x: &a [https://a.example, 1]\nauth: { oidc: { issuer: https://idp.example, client_id: c, additional_issuers: *a } }"
    expect(configProblems(text)).toEqual([
      expect.stringMatching(/^portcullis\.yaml:1: unknown key 'x'/),
      expect.stringMatching(/^portcullis\.yaml:1: auth\.oidc\.additional_issuers\[1\] 1/),
    ])
  })
})
