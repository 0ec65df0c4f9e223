import { decodedToken, type LoginFacts, type StoredLogin } from "../login/index.js"
import type { Identity } from "./identity.js"
import { facts } from "./table.js"
import { shownEnd, shownTime } from "./time-left.js"
import { withoutRefresh, type Caller, type Recognition } from "./who-am-i.js"

/** What was found out about somebody's credentials. */
export interface FoundStatus {
  readonly url: string
  readonly identity: Identity | undefined
  /** The token that would be sent. */
  readonly token?: string | undefined
  readonly stored?: StoredLogin | undefined
  /** Undefined: the sidecar could not be asked. */
  readonly discovered: LoginFacts | undefined
  /** Undefined: there was nothing to ask about. */
  readonly said: Recognition | undefined
  /** Why it could not be refreshed. */
  readonly problem?: string | undefined
  /** Where logins are kept. */
  readonly file: string
  /** The sidecars for which there is a login. */
  readonly others: readonly string[]
  readonly notes: readonly string[]
  /** The command that logs in. */
  readonly login: string
  /** In ms since the epoch. */
  readonly now: number
}

/** What `portcullis auth status` says, for programs. Holds no part of a token that could be used. */
export interface StatusFacts {
  readonly valid: boolean
  readonly sidecar: string
  readonly auth_enabled: boolean | null
  readonly issuer: string | null
  readonly auth_type: "oidc" | "token" | "principal_header" | "none"
  readonly credential_source: string | null
  readonly credentials_file: string
  readonly email: string | null
  readonly principal: string | null
  readonly scopes: readonly string[] | null
  readonly groups: readonly string[]
  readonly expires_at: string | null
  readonly expires: string | null
  /** Who says e-mail, principal, scopes and groups: the token's own claims count for nothing while the sidecar has not accepted it. */
  readonly according_to: "sidecar" | "token" | null
  readonly refresh_token: boolean
  /** What kind of token it is: its algorithm, key and type. */
  readonly token: string | null
  readonly accepted: boolean | null
  /** The sidecar's code and words, or why it could not be asked. */
  readonly sidecar_says: string | null
  /** What a token would have to be for, and of whom, when this one is refused for that. */
  readonly expected_audience: string | null
  readonly expected_issuers: readonly string[] | null
  readonly notes: readonly string[]
}

/** What is known, as one answer. What the sidecar makes of a token comes before what the token says. */
export function statusFacts(found: FoundStatus): StatusFacts {
  const { url, identity, token, stored, discovered, said, file, now } = found
  const decoded = token === undefined ? undefined : decodedToken(token)
  const claims = new Map(Object.entries(decoded?.claims ?? {}))
  const caller = said?.kind === "accepted" ? said.caller : undefined
  const expiresAt = endOf(stored, claims)
  const hasExpired = expiresAt !== undefined && expiresAt <= now
  const accepted = said?.kind === "accepted" ? true : said?.kind === "refused" ? false : null
  return {
    valid: identity !== undefined && (accepted ?? !hasExpired),
    sidecar: url,
    auth_enabled: discovered?.authEnabled ?? null,
    issuer: stored?.issuer ?? textOf(claims, "iss") ?? discovered?.provider?.issuer ?? null,
    auth_type: authType(identity),
    credential_source: identity === undefined ? null : identity.source === "login" ? "stored login" : identity.source,
    credentials_file: file,
    email: caller ? (caller.email ?? null) : (textOf(claims, "upn", "email", "preferred_username") ?? null),
    principal: principalOf(identity, caller, claims),
    scopes: scopesOf(caller, stored, claims),
    groups: caller?.groups ?? listOf(claims, "groups"),
    expires_at: expiresAt === undefined ? null : shownTime(expiresAt),
    expires: expiresAt === undefined ? null : shownEnd(expiresAt, now),
    according_to: caller ? "sidecar" : decoded ? "token" : null,
    refresh_token: stored?.tokens.refreshToken !== undefined,
    token: token === undefined ? null : tokenKind(decoded?.header),
    accepted,
    sidecar_says: said === undefined ? null : shownRecognition(said, stored !== undefined),
    expected_audience: (said?.kind === "refused" ? said.expected_audience : undefined) ?? null,
    expected_issuers: (said?.kind === "refused" ? said.expected_issuers : undefined) ?? null,
    notes: [...found.notes, ...notesOf(found, decoded?.header, hasExpired), ...emailNotes(caller, claims)],
  }
}

/** {@link StatusFacts} for people. */
export function statusTable(status: StatusFacts): string {
  const { auth_enabled: enabled, auth_type: type, according_to: source } = status
  const labelled = (name: string): string => (source === "token" ? `${name} (token)` : name)
  return facts([
    ["Sidecar", status.sidecar],
    ["Auth enabled", enabled === null ? "unknown" : enabled ? "yes" : "no"],
    ["Issuer", status.issuer ?? undefined],
    ["Auth type", typeNames[type]],
    ["Credential source", status.credential_source ?? "none"],
    ["Credentials file", status.credentials_file],
    [labelled("E-mail"), status.email ?? undefined],
    [labelled("Principal"), status.principal ?? undefined],
    [labelled("Scopes"), status.scopes === null ? (type === "none" ? undefined : "not restricted") : status.scopes.join(" ") || "none"],
    [labelled("Groups"), status.groups.length === 0 ? undefined : status.groups.join(", ")],
    ["Expires", status.expires ?? undefined],
    ["Refresh token", type === "oidc" ? (status.refresh_token ? "yes" : "no") : undefined],
    ["Token", status.token ?? undefined],
    ["Sidecar says", status.sidecar_says ?? undefined],
    ...status.notes.map((note) => ["Note", note] as const),
  ])
}

const typeNames = { oidc: "login (OIDC)", token: "bearer token", principal_header: "principal header", none: "none" } as const

type Claims = ReadonlyMap<string, unknown>

function endOf(stored: StoredLogin | undefined, claims: Claims): number | undefined {
  const exp = claims.get("exp")
  return stored?.tokens.expiresAt ?? (typeof exp === "number" ? exp * 1_000 : undefined)
}

function authType(identity: Identity | undefined): StatusFacts["auth_type"] {
  if (!identity) return "none"
  if (identity.kind === "principal") return "principal_header"
  return identity.source === "login" ? "oidc" : "token"
}

function principalOf(identity: Identity | undefined, caller: Caller | undefined, claims: Claims): string | null {
  const named = identity?.kind === "principal" ? identity.principal : undefined
  return caller?.principal ?? named ?? textOf(claims, "oid", "sub") ?? null
}

function scopesOf(caller: Caller | undefined, stored: StoredLogin | undefined, claims: Claims): readonly string[] | null {
  if (caller) return caller.scopes ?? null
  const claimed = claims.has("scope") || claims.has("scp") ? [...listOf(claims, "scope"), ...listOf(claims, "scp")] : undefined
  return stored?.tokens.scopes ?? claimed ?? stored?.scopes ?? null
}

/** Enough to see which key signed it, and nothing that anybody could send. */
function tokenKind(header: Readonly<Record<string, unknown>> | undefined): string {
  if (!header) return "not a JWT"
  const known = new Map(Object.entries(header))
  const key = textOf(known, "kid")
  return [textOf(known, "typ") ?? "JWT", textOf(known, "alg") ?? "no algorithm", ...(key === undefined ? [] : [`key ${key}`])].join(", ")
}

function shownRecognition(said: Recognition, isRefreshable: boolean): string {
  switch (said.kind) {
    case "accepted":
      return "accepted"
    case "refused":
      return `${said.code}: ${isRefreshable ? said.detail : withoutRefresh(said).detail}`
    case "unknown":
      return said.why
  }
}

function notesOf(found: FoundStatus, header: Readonly<Record<string, unknown>> | undefined, hasExpired: boolean): readonly string[] {
  const { identity, discovered, stored, login } = found
  const provider = discovered?.provider
  return [
    ...(identity ? [] : [`nobody is logged in here; log in with '${login}'`, ...found.others.map((url) => `there is a login for ${url}`)]),
    ...(discovered?.authEnabled === false ? ["the sidecar does not look at tokens (auth.enabled: false)"] : []),
    ...(header?.["alg"] === "none" ? ["nobody has signed this token: it proves nothing, and is for trying things out"] : []),
    ...(hasExpired ? [hasExpiredNote(found)] : []),
    ...(stored && provider && stored.issuer !== provider.issuer
      ? [`the sidecar uses another provider now, ${provider.issuer}; log in again with '${login}'`]
      : []),
  ]
}

/** @returns what comes next; a login that could not be refreshed says why in another note */
function hasExpiredNote({ identity, stored, problem, login }: FoundStatus): string {
  if (identity?.source === "PORTCULLIS_TOKEN") return `set PORTCULLIS_TOKEN to a new token, or unset it and log in with '${login}'`
  return stored?.tokens.refreshToken !== undefined && problem === undefined
    ? "the next command refreshes it, or tries to"
    : `log in again with '${login}'`
}

/** An address that stands in another claim than the sidecar looks at. */
function emailNotes(caller: Caller | undefined, claims: Claims): readonly string[] {
  if (!caller || caller.email) return []
  const claim = ["upn", "preferred_username", "email"].find((name) => textOf(claims, name)?.includes("@"))
  return claim === undefined ? [] : [`the sidecar sees no e-mail address; the token has one in ${claim}: set auth.oidc.email_claim to ${claim}`]
}

function textOf(claims: Claims, ...names: readonly string[]): string | undefined {
  return names.map((name) => claims.get(name)).find((value): value is string => typeof value === "string" && value !== "")
}

function listOf(claims: Claims, name: string): readonly string[] {
  const value = claims.get(name)
  if (typeof value === "string") return value.split(/[\s,]+/).filter((part) => part !== "")
  return Array.isArray(value) ? value.filter((part): part is string => typeof part === "string") : []
}
