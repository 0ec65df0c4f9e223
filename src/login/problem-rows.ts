import type { LoginStep } from "./idp-answer.js"
import type { LoginProvider } from "./provider.js"
import type { ProviderKind } from "./provider-kind.js"
import {
  accessGiven,
  clientIdShown,
  consentGiven,
  deviceSwitch,
  passwordSwitch,
  refreshSwitch,
  scopesDefined,
  type ProviderRemedy,
} from "./provider-remedies.js"

/** Why an IdP refuses a login, for programs. */
export type LoginRefusal =
  | "invalid_scope"
  | "device_flow_disabled"
  | "password_flow_disabled"
  | "client_mismatch"
  | "issuer_unknown"
  | "consent_required"
  | "access_denied"
  | "login_expired"
  | "refresh_expired"
  | "invalid_credentials"
  | "interaction_required"
  | "idp_refused"

/** One meaning of an IdP's errors: its numbers, texts and names, and what to do about it. */
export interface ProblemRow {
  readonly reason: LoginRefusal
  /** Azure AD's numbers. */
  readonly aadsts?: readonly number[]
  /** In the description, or in the error itself. */
  readonly text?: RegExp
  readonly errors?: readonly string[]
  /** Only there; absent: anywhere. */
  readonly steps?: readonly LoginStep[]
  /** Only from these; absent: any. */
  readonly kinds?: readonly ProviderKind[]
  /** True: it may go by itself. */
  readonly passing?: true
  readonly problem: (context: ProblemContext) => string
  readonly remedy: (context: ProblemContext) => string
}

/** What messages may name. */
export interface ProblemContext {
  readonly provider: LoginProvider
  readonly kind: ProviderKind
  /** The scopes that were asked for; empty: none. */
  readonly scope: string
}

const at =
  (remedy: ProviderRemedy) =>
  ({ kind }: ProblemContext): string =>
    remedy[kind]
const says = (text: string) => (): string => text
const device: readonly LoginStep[] = ["device", "poll"]
const prefixOf = ({ scopePrefix }: LoginProvider): string => (scopePrefix === undefined ? "not set" : `'${scopePrefix}'`)

/** Scopes of ours may need what the IdP puts before them. */
function prefixHint({ provider, scope, kind }: ProblemContext): string {
  const isBare = scope.split(" ").some((one) => one.startsWith("platform:"))
  return isBare && kind !== "azure" && provider.scopePrefix === undefined
    ? ". If the IdP has something before them, such as api://portcullis/platform:read, set auth.oidc.scope_prefix to that"
    : ""
}

const application: readonly ProblemRow[] = [
  {
    reason: "invalid_scope",
    aadsts: [500011, 50001, 650057],
    errors: ["invalid_resource", "invalid_target"],
    problem: ({ provider }) => `the IdP knows no API by auth.oidc.scope_prefix, which is ${prefixOf(provider)}`,
    remedy: says('set auth.oidc.scope_prefix to the API\'s identifier (Azure AD: App registration → "Expose an API" → "Application ID URI")'),
  },
  {
    reason: "invalid_scope",
    aadsts: [70011, 28002, 28003, 65005, 650053, 1002012],
    text: /^Invalid scopes?\b|scopes? (?:is|are) not (?:configured|allowed)|scopes are not allowed|'scope' must be provided|(?:parameter|field):? '?scope\b/i,
    errors: ["invalid_scope"],
    problem: ({ scope }) =>
      `the IdP does not know one of the scopes ${scope === "" ? "(none were asked for)" : scope}, or does not let this application have it`,
    remedy: (context) => `${scopesDefined[context.kind]}${prefixHint(context)}`,
  },
  {
    reason: "device_flow_disabled",
    aadsts: [50059],
    problem: says("the device flow is off for this application, or the issuer names no tenant"),
    remedy: (context) => `${deviceSwitch[context.kind]}; and auth.oidc.issuer must hold the tenant's ID, not 'common'`,
  },
  {
    reason: "password_flow_disabled",
    aadsts: [7000218, 70002],
    text: /authorized to use the provided grant type|direct access grants|public client flows? (?:is |are )?not (?:allowed|enabled)/i,
    errors: ["unauthorized_client", "unsupported_grant_type"],
    steps: ["password"],
    problem: says("the IdP does not let this application log people in with a password"),
    remedy: at(passwordSwitch),
  },
  {
    reason: "idp_refused",
    aadsts: [7000218, 70002],
    text: /authorized to use the provided grant type/i,
    errors: ["unauthorized_client", "unsupported_grant_type"],
    steps: ["refresh"],
    problem: says("the IdP does not let this application refresh logins"),
    remedy: at(refreshSwitch),
  },
  {
    reason: "client_mismatch",
    aadsts: [700016, 7000112, 700038, 50194],
    text: /invalid value for 'client_id'|client (?:not found|is disabled)|no client with requested id/i,
    errors: ["invalid_client"],
    problem: ({ provider }) => `auth.oidc.client_id '${provider.clientId}' does not match the application at ${provider.issuer}`,
    remedy: at(clientIdShown),
  },
  {
    reason: "device_flow_disabled",
    aadsts: [7000218, 70002],
    text: /device flow (?:is )?(?:not enabled|disabled)|device authorization grant|authorized to use the provided grant type|public client flows? (?:is |are )?not (?:allowed|enabled)/i,
    errors: ["unauthorized_client", "unsupported_grant_type"],
    steps: device,
    problem: says("the device flow is off for this application"),
    remedy: at(deviceSwitch),
  },
  {
    reason: "issuer_unknown",
    aadsts: [90002, 900023, 50128],
    text: /realm does not exist|tenant '?[^ ]+'? not found/i,
    problem: ({ provider }) => `the IdP knows no tenant or realm as in auth.oidc.issuer '${provider.issuer}'`,
    remedy: says("correct auth.oidc.issuer, and the endpoints that are configured beside it"),
  },
  {
    reason: "idp_refused",
    text: /^HTTPS required/i,
    problem: says("the IdP wants https"),
    remedy: says("write auth.oidc.issuer with https, or let the realm take http from this machine"),
  },
  {
    reason: "consent_required",
    aadsts: [65001, 90094, 90095, 90008],
    text: /consent[_ ]required|no longer has requested consent/i,
    errors: ["consent_required"],
    problem: says("nobody has consented yet to this application having these scopes"),
    remedy: at(consentGiven),
  },
]

const person: readonly ProblemRow[] = [
  {
    reason: "interaction_required",
    aadsts: [50076, 50079, 50072, 50074, 50158, 50055, 50140, 16000, 50125, 530034],
    text: /not fully set up|denied by sign.?on policy|password (?:has )?expired|mfa[_ ]required|multi-?factor/i,
    errors: ["interaction_required", "login_required", "mfa_required"],
    problem: says("the IdP demands more than a password, such as a second factor or a new password"),
    remedy: says("run 'portcullis auth login' without --username: the device flow does all that in the browser"),
  },
  {
    reason: "access_denied",
    aadsts: [50105, 50020, 50057, 50053, 53000, 53001, 53002, 53003, 53004, 53011, 530032, 50177],
    text: /policy evaluation failed|not assigned to the client|(?:account|user) (?:is )?(?:disabled|locked)|temporarily disabled/i,
    problem: says("the IdP does not let this account use the application"),
    remedy: at(accessGiven),
  },
  {
    reason: "access_denied",
    aadsts: [65004],
    errors: ["access_denied", "authorization_declined"],
    problem: says("the login was declined in the browser, or by a rule of the IdP"),
    remedy: says("run 'portcullis auth login' again and approve it; if you did, ask whoever administers the IdP"),
  },
  {
    reason: "login_expired",
    aadsts: [70019, 70008, 70000],
    errors: ["expired_token", "invalid_grant", "bad_verification_code", "code_expired"],
    steps: ["poll"],
    problem: says("the login was not approved in time, or its code has been used already"),
    remedy: says("run 'portcullis auth login' again and approve it in the browser"),
  },
  {
    reason: "refresh_expired",
    aadsts: [7000012, 700082, 70043, 70008, 70000, 700084, 50173, 50132, 50133, 50089, 54005, 50078, 700003],
    errors: ["invalid_grant", "expired_token"],
    steps: ["refresh"],
    problem: says("the IdP no longer refreshes this login: it is too old, has ended, or was revoked"),
    remedy: says("run 'portcullis auth login' again"),
  },
  {
    reason: "invalid_credentials",
    aadsts: [50034, 50126, 50056, 51004],
    errors: ["invalid_grant"],
    steps: ["password"],
    problem: says("the name or the password is wrong"),
    remedy: says("try again; or run 'portcullis auth login' without --username, with a device code"),
  },
  {
    reason: "idp_refused",
    aadsts: [50196, 90033, 90006, 90055, 70012],
    errors: ["server_error", "temporarily_unavailable"],
    passing: true,
    problem: says("the IdP cannot serve the request now"),
    remedy: says("try again in a while"),
  },
]

/**
 * What is known of the errors of Azure AD, Okta and Keycloak.
 *
 * @see RFC 6749 section 5.2, RFC 8628 section 3.5, and each product's list of errors
 */
export const problemRows: readonly ProblemRow[] = [...application, ...person]
