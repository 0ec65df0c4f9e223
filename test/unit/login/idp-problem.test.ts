import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { deviceLogin, passwordLogin, refreshLogin, type LoginRefusal } from "../../../src/login/index.js"
import { providerAt, scriptedIdp, type IdpScript } from "../../fixtures/scripted-idp.js"

interface Recorded {
  readonly status: number
  readonly body: { readonly error?: string; readonly error_description?: string; readonly errorCode?: string }
}

const recorded = (name: string): Readonly<Record<string, Recorded>> =>
  JSON.parse(readFileSync(new URL(`../../fixtures/idp-errors/${name}.json`, import.meta.url), "utf8"))
const issuers = {
  azure: "https://login.microsoftonline.com/00001111-aaaa-2222-bbbb-3333cccc4444/v2.0",
  okta: "https://dev-1234.okta.com/oauth2/default",
  keycloak: "https://sso.example.com/realms/portcullis",
} as const
const code = {
  body: { device_code: "device-code-1", user_code: "ABCD-EFGH", verification_uri: "https://idp.example.com/device", expires_in: 900, interval: 5 },
}

type Step = "device" | "poll" | "password" | "refresh"
type Row = readonly [name: string, step: Step, reason: LoginRefusal | "idp_unavailable", remedy: RegExp]

/** What login says when the IdP answers with a recorded error. */
async function refusal(kind: keyof typeof issuers, answer: IdpScript, step: Step) {
  const idp = await scriptedIdp(...(step === "poll" ? [code, answer] : [answer]))
  const provider = providerAt(idp, issuers[kind])
  let time = 0
  const io = { now: () => time, pause: async (ms: number) => void (time += ms), onCode: () => undefined }
  const attempt = {
    device: () => deviceLogin(provider, ["platform:read"], io),
    poll: () => deviceLogin(provider, ["platform:read"], io),
    password: () => passwordLogin(provider, ["platform:read"], { username: "ann", password: "correct horse" }),
    refresh: () => refreshLogin(provider, "refresh-token-1"),
  }[step]
  return {
    idp,
    error: await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  }
}

const azureSwitch = /Azure AD, App registration → Authentication → "Allow public client flows" → Yes/
const azureConsent = /Azure AD, App registration → API permissions → "Grant admin consent"/
const again = /run 'portcullis auth login'/
const azure: readonly Row[] = [
  ["AADSTS70011", "device", "invalid_scope", /"Expose an API".*"Grant admin consent"/],
  ["AADSTS900144", "device", "invalid_scope", /"Expose an API"/],
  ["AADSTS7000218", "device", "device_flow_disabled", azureSwitch],
  ["AADSTS7000218", "poll", "device_flow_disabled", azureSwitch],
  ["AADSTS7000218", "password", "password_flow_disabled", azureSwitch],
  ["AADSTS7000218", "refresh", "idp_refused", azureSwitch],
  ["AADSTS50059", "device", "device_flow_disabled", /"Allow public client flows" → Yes; and auth\.oidc\.issuer/],
  ["AADSTS700016", "device", "client_mismatch", /auth\.oidc\.client_id.*"Application \(client\) ID"/],
  ["AADSTS65001", "password", "consent_required", azureConsent],
  ["AADSTS65001", "refresh", "consent_required", azureConsent],
  ["AADSTS65004", "poll", "access_denied", again],
  ["authorization_declined", "poll", "access_denied", again],
  ["AADSTS50034", "password", "invalid_credentials", again],
  ["AADSTS50126", "password", "invalid_credentials", again],
  ["AADSTS50076", "password", "interaction_required", /the device flow/],
  ["AADSTS50079", "password", "interaction_required", /the device flow/],
  ["AADSTS50055", "password", "interaction_required", /the device flow/],
  ["AADSTS50057", "password", "access_denied", /Azure AD, Enterprise applications/],
  ["AADSTS50053", "password", "access_denied", /Azure AD, Enterprise applications/],
  ["AADSTS50105", "poll", "access_denied", /"Users and groups"/],
  ["AADSTS53003", "poll", "access_denied", /Conditional Access/],
  ["AADSTS7000012", "refresh", "refresh_expired", again],
  ["AADSTS700082", "refresh", "refresh_expired", again],
  ["AADSTS70043", "refresh", "refresh_expired", again],
  ["AADSTS50173", "refresh", "refresh_expired", again],
  ["AADSTS70000", "refresh", "refresh_expired", again],
  ["AADSTS70000", "poll", "login_expired", again],
  ["AADSTS70019", "poll", "login_expired", again],
  ["AADSTS70018", "poll", "login_expired", again],
  ["AADSTS90002", "device", "issuer_unknown", /auth\.oidc\.issuer/],
  ["AADSTS900023", "device", "issuer_unknown", /auth\.oidc\.issuer/],
  ["AADSTS500011", "device", "invalid_scope", /auth\.oidc\.scope_prefix.*Application ID URI/],
  ["AADSTS90033", "password", "idp_unavailable", /try again/],
]
const oktaSwitch = /Okta, Application → General → Grant type → "Device Authorization" checked/
const okta: readonly Row[] = [
  ["grant type", "device", "device_flow_disabled", oktaSwitch],
  ["grant type", "poll", "device_flow_disabled", oktaSwitch],
  ["grant type", "password", "password_flow_disabled", /"Resource Owner Password" checked/],
  ["grant type", "refresh", "idp_refused", /"Refresh Token" checked/],
  ["client", "device", "client_mismatch", /Okta, Application → General → "Client ID"/],
  ["client of the API", "device", "client_mismatch", /Okta, Application → General → "Client ID"/],
  ["scopes", "device", "invalid_scope", /Security → API → Authorization Servers → Scopes/],
  ["custom scopes", "device", "invalid_scope", /a custom authorization server/],
  ["no default scopes", "device", "invalid_scope", /Authorization Servers → Scopes/],
  ["policy", "poll", "access_denied", /Access Policies/],
  ["assignment", "poll", "access_denied", /Application → Assignments/],
  ["declined", "poll", "access_denied", again],
  ["credentials", "password", "invalid_credentials", again],
  ["sign-on policy", "password", "interaction_required", /the device flow/],
  ["refresh token", "refresh", "refresh_expired", again],
  ["device code", "poll", "login_expired", again],
  ["rate limit", "password", "idp_unavailable", /try again/],
  ["internal", "refresh", "idp_unavailable", /try again/],
]
const keycloakSwitch = /Keycloak, Client → Settings → "OAuth 2\.0 Device Authorization Grant" → On/
const keycloak: readonly Row[] = [
  ["device flow off", "device", "device_flow_disabled", keycloakSwitch],
  ["device flow off, at the token endpoint", "poll", "device_flow_disabled", keycloakSwitch],
  ["confidential client", "device", "device_flow_disabled", keycloakSwitch],
  ["client", "device", "client_mismatch", /Keycloak, Client → Settings → "Client ID" \("Client authentication" must be Off/],
  ["direct access", "password", "password_flow_disabled", /"Direct access grants" → On/],
  ["credentials", "password", "invalid_credentials", again],
  ["account not set up", "password", "interaction_required", /the device flow/],
  ["account disabled", "password", "access_denied", /Keycloak, Users → the account → Enabled/],
  ["refresh token", "refresh", "refresh_expired", again],
  ["session", "refresh", "refresh_expired", again],
  ["reuse", "refresh", "refresh_expired", again],
  ["scopes", "device", "invalid_scope", /Keycloak, Client scopes/],
  ["declined", "poll", "access_denied", again],
  ["expired", "poll", "login_expired", again],
  ["device code", "poll", "login_expired", again],
  ["consent", "poll", "consent_required", /"Consent required" → Off/],
  ["realm", "device", "issuer_unknown", /auth\.oidc\.issuer/],
  ["https", "device", "idp_refused", /https/],
  ["unknown", "device", "idp_unavailable", /try again/],
]

describe.each([
  ["azure", azure],
  ["okta", okta],
  ["keycloak", keycloak],
] as const)("an error of %s", (kind, rows) => {
  const bodies = recorded(kind)

  it.each(rows)("%s, on %s, means %s, and the remedy says where", async (name, step, reason, remedy) => {
    const answer = bodies[name]
    const { idp, error } = await refusal(kind, answer ?? "drop", step)
    const asked = idp.asked.at(-1)?.path
    expect(error).toMatchObject({
      code: reason === "idp_unavailable" ? "ERR_IDP_UNAVAILABLE" : "ERR_UNAUTHENTICATED",
      reason,
      message: expect.stringContaining(answer?.body.error ?? answer?.body.errorCode ?? "?"),
      details: {
        provider: kind,
        remedy: expect.stringMatching(remedy),
        status: answer?.status,
        url: `${idp.origin}${asked}`,
        error: answer?.body.error ?? answer?.body.errorCode,
      },
    })
  })

  it("is recorded for each that is tested, and the other way round, but those that ask to wait", () => {
    const waiting = ["AADSTS70016", "pending", "too fast"]
    expect(
      Object.keys(bodies)
        .filter((name) => !waiting.includes(name))
        .sort(),
    ).toEqual([...new Set(rows.map(([name]) => name))].sort())
  })
})

it.each([
  ["azure", "AADSTS70016"],
  ["okta", "pending"],
  ["keycloak", "pending"],
  ["keycloak", "too fast"],
] as const)("%s says '%s' while nobody has approved yet, which is waited for", async (kind, name) => {
  const idp = await scriptedIdp(code, recorded(kind)[name] ?? "drop", { body: { access_token: "access-1", token_type: "Bearer" } })
  const io = { onCode: () => undefined, pause: async () => undefined }
  expect(await deviceLogin(providerAt(idp, issuers[kind]), [], io)).toEqual({ accessToken: "access-1" })
})

describe("an error of an IdP", () => {
  const disabled = { status: 400, body: { error: "unauthorized_client", error_description: "Public client flows not allowed" } }

  it("names the switches of all three when the IdP is another one", async () => {
    const idp = await scriptedIdp(disabled)
    const login = deviceLogin(providerAt(idp), [], { onCode: () => undefined, pause: async () => undefined })
    await expect(login).rejects.toMatchObject({
      reason: "device_flow_disabled",
      details: { provider: "other", remedy: expect.stringMatching(/Azure AD, .*Okta, .*Keycloak, /) },
    })
  })

  it("of a scope names the scopes, and one remedy for an IdP that is not known", async () => {
    const idp = await scriptedIdp({ status: 400, body: { error: "invalid_scope" } })
    const login = deviceLogin(providerAt(idp), ["openid", "platform:admin"], { onCode: () => undefined, pause: async () => undefined })
    const thrown = await login.catch((problem: unknown) => problem)
    expect(thrown).toMatchObject({ reason: "invalid_scope", details: { problem: expect.stringContaining("openid platform:admin") } })
    expect(thrown).toMatchObject({
      details: { remedy: expect.stringMatching(/^(?!.*(?:Azure|Okta|Keycloak)).*\. If the IdP .*auth\.oidc\.scope_prefix/) },
    })
  })

  it("shows Azure AD's remedies for its numbers whatever the issuer's host", async () => {
    const idp = await scriptedIdp(recorded("azure")["AADSTS7000218"] ?? "drop")
    const login = deviceLogin(providerAt(idp), [], { onCode: () => undefined, pause: async () => undefined })
    await expect(login).rejects.toMatchObject({ details: { provider: "azure", error_codes: [7000218], remedy: expect.stringMatching(azureSwitch) } })
  })

  it.each(["device flow not enabled", "Device flow is disabled", "public client flows are not enabled"])("'%s' is the switch", async (text) => {
    const { error } = await refusal("okta", { status: 400, body: { error: "invalid_request", error_description: text } }, "device")
    expect(error).toMatchObject({ reason: "device_flow_disabled" })
  })

  it("that nobody knows is refused, with its own words and where to look", async () => {
    const { error } = await refusal("keycloak", { status: 400, body: { error: "odd_error" } }, "password")
    expect(error).toMatchObject({
      code: "ERR_UNAUTHENTICATED",
      reason: "idp_refused",
      message: expect.stringContaining("odd_error"),
      details: { error: "odd_error", remedy: expect.stringContaining("Keycloak's sign-in log") },
    })
    const idp = await scriptedIdp({ status: 400, body: { error: "odd_error", error_description: null, error_codes: "none" } })
    await expect(refreshLogin(providerAt(idp), "refresh-token-1")).rejects.toMatchObject({ details: { remedy: expect.stringContaining("its log") } })
  })

  it("with status 200 is an error all the same", async () => {
    const { error } = await refusal("okta", { body: { error: "invalid_grant", access_token: "t", token_type: "Bearer" } }, "password")
    expect(error).toMatchObject({ reason: "invalid_credentials" })
  })

  it("keeps its raw text, without control characters, direction marks and what is too much", async () => {
    const text = `first\r\n\u001b[31msecond\u202e ${"x".repeat(5_000)}`
    const { error } = await refusal("okta", { status: 400, body: { error: "odd\u0007", error_description: text } }, "password")
    const said = error instanceof Error && "details" in error ? Object(error.details) : {}
    expect(said.error).toBe("odd")
    expect(said.error_description).toMatch(/^first \[31msecond x+…$/)
    expect(said.error_description.length).toBeLessThan(700)
  })

  it("never repeats a password, refresh token or device code, even if the IdP does", async () => {
    const echo = { status: 400, body: { error: "invalid_grant", error_description: "got 'correct horse', 'refresh-token-1', 'device-code-1'" } }
    const secrets = { password: "correct horse", refresh: "refresh-token-1", poll: "device-code-1" } as const
    for (const step of ["password", "refresh", "poll"] as const) {
      const { error } = await refusal("okta", echo, step)
      expect(error).toMatchObject({ message: expect.stringContaining("(hidden)") })
      expect(JSON.stringify([error, String(error)])).not.toContain(secrets[step])
    }
  })
})
