import type { ProviderKind } from "./provider-kind.js"

/** One remedy for each kind of IdP. */
export type ProviderRemedy = Readonly<Record<ProviderKind, string>>

/** The switch that lets people log in with a device code. */
export const deviceSwitch = byProvider("turn the device flow on for this application:", {
  azure: 'App registration → Authentication → "Allow public client flows" → Yes',
  okta: 'Application → General → Grant type → "Device Authorization" checked, and a rule of the authorization server\'s access policy that allows it',
  keycloak: 'Client → Settings → "OAuth 2.0 Device Authorization Grant" → On, with "Client authentication" Off',
})

/** The switch that lets people log in with a password. */
export const passwordSwitch = byProvider(
  "log in without --username, with a device code; or, if it must be a password, allow it for this application:",
  {
    azure: 'App registration → Authentication → "Allow public client flows" → Yes',
    okta: 'Application → General → Grant type → "Resource Owner Password" checked',
    keycloak: 'Client → Settings → "Direct access grants" → On, with "Client authentication" Off',
  },
)

/** The switch that lets logins be refreshed. */
export const refreshSwitch = byProvider("run 'portcullis auth login' again, and let the application refresh:", {
  azure: 'App registration → Authentication → "Allow public client flows" → Yes, with offline_access among auth.oidc.default_scopes',
  okta: 'Application → General → Grant type → "Refresh Token" checked, with offline_access among auth.oidc.default_scopes',
  keycloak: 'Client → Advanced → "Use refresh tokens" → On',
})

/** Where scopes are defined. */
export const scopesDefined = byProvider(
  "define the scopes and let this application ask for them:",
  {
    azure:
      'App registration → "Expose an API" (define platform:read, platform:write), → "API permissions" (add them), "Grant admin consent". Set auth.oidc.scope_prefix to its Application ID URI',
    okta: "Security → API → Authorization Servers → Scopes (define platform:read, platform:write), of a custom authorization server: the org's own server takes no custom scopes",
    keycloak: "Client scopes (create platform:read, platform:write), → Client → Client scopes → Add client scope",
  },
  "define these scopes at the IdP and let this application ask for them, or ask for others with --scope or auth.oidc.default_scopes",
)

/** Where the identifier of an application stands. */
export const clientIdShown = byProvider("copy the application's client ID into auth.oidc.client_id, exactly; it is shown at:", {
  azure: 'App registration → Overview → "Application (client) ID"',
  okta: 'Application → General → "Client ID"',
  keycloak: 'Client → Settings → "Client ID" ("Client authentication" must be Off: the command line has no secret)',
})

/** Where consent is given. */
export const consentGiven = byProvider("let an administrator consent for everybody, or log in with a device code and consent in the browser:", {
  azure: 'App registration → API permissions → "Grant admin consent"',
  okta: 'Security → API → Authorization Servers → Scopes → the scope\'s "User consent" → Implicit',
  keycloak: 'Client → Settings → "Consent required" → Off',
})

/** Where people are let in. */
export const accessGiven = byProvider("ask whoever administers the IdP to let this account use the application:", {
  azure: 'Enterprise applications → the application → "Users and groups", and Conditional Access',
  okta: "Application → Assignments, and Security → API → Authorization Servers → Access Policies",
  keycloak: "Users → the account → Enabled, and the realm's authentication flow",
})

/** @param elsewhere at an IdP that is not known; absent: what each of the known ones wants */
function byProvider(intent: string, switches: Readonly<Record<Exclude<ProviderKind, "other">, string>>, elsewhere?: string): ProviderRemedy {
  const { azure, okta, keycloak } = switches
  return {
    azure: `${intent} in Azure AD, ${azure}`,
    okta: `${intent} in Okta, ${okta}`,
    keycloak: `${intent} in Keycloak, ${keycloak}`,
    other: elsewhere ?? `${intent} in Azure AD, ${azure}; in Okta, ${okta}; in Keycloak, ${keycloak}`,
  }
}
