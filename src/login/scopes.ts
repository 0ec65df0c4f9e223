import { PdpError } from "../errors.js"
import type { LoginProvider } from "./provider.js"
import { providerKind, type ProviderKind } from "./provider-kind.js"
import type { Tokens } from "./tokens.js"

/**
 * The scopes to ask an IdP for. Without `asked` all default ones; else those and the default ones that are not Portcullis' own, such as `openid`.
 * Own ones, with a colon, and such as end in `.default` get the IdP's prefix, unless they are absolute URIs already.
 *
 * @param asked as people write them, with or without the prefix
 */
export function requestedScopes(provider: LoginProvider, asked?: readonly string[]): readonly string[] {
  const plain = asked?.map((scope) => withoutPrefix(provider, scope))
  const wanted = plain ? [...provider.defaultScopes.filter((scope) => !isOwn(scope)), ...plain] : provider.defaultScopes
  return [...new Set(wanted.map((scope) => withPrefix(provider, scope)))]
}

/** A scope as Portcullis writes it, whatever the IdP wants before it. */
export function withoutPrefix({ scopePrefix }: Pick<LoginProvider, "scopePrefix">, scope: string): string {
  const prefix = slashed(scopePrefix)
  return prefix !== "" && scope.startsWith(prefix) ? scope.slice(prefix.length) : scope
}

/**
 * Makes sure that the IdP has granted what was asked for: every scope with a colon, compared without the IdP's prefix.
 *
 * @param asked with or without the prefix
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, reason `scope_not_granted`, naming those that are missing
 */
export function assertGranted(provider: LoginProvider, asked: readonly string[], tokens: Tokens): void {
  if (!tokens.scopes) return
  const granted = new Set(tokens.scopes.map((scope) => withoutPrefix(provider, scope)))
  const wanted = new Set(asked.map((scope) => withoutPrefix(provider, scope)))
  const missing = [...wanted].filter((scope) => isOwn(scope) && !granted.has(scope))
  if (missing.length === 0) return
  const problem = `${provider.issuer} has not granted ${missing.join(" ")}`
  const kind = provider.scopePrefix?.startsWith("api://") ? "azure" : providerKind(provider.issuer)
  const remedy = notGrantedRemedy[kind]
  const details = { problem, remedy, missing, granted: [...granted] }
  throw new PdpError("ERR_UNAUTHENTICATED", `${problem}; ${remedy}`, { reason: "scope_not_granted", details })
}

const notGrantedRemedy: Readonly<Record<ProviderKind, string>> = {
  azure: 'define the scopes under App registration → "Expose an API", add them under "API permissions" and grant admin consent for them',
  okta: "define the scopes at Security → API → Authorization Servers → Scopes, and allow them in an access policy that this application is assigned to",
  keycloak: "create client scopes of these names and assign them to the client (Client → Client scopes), with 'Include in token scope' on",
  other: "define the scopes at the IdP and allow the client to ask for them, or ask for fewer with --scope",
}

function withPrefix({ scopePrefix }: LoginProvider, scope: string): string {
  const prefix = slashed(scopePrefix)
  if (prefix === "" || scope.startsWith(prefix) || scope.includes("://")) return scope
  return isOwn(scope) || scope.endsWith(".default") ? `${prefix}${scope}` : scope
}

function slashed(prefix: string | undefined): string {
  return prefix === undefined || prefix === "" || prefix.endsWith("/") ? (prefix ?? "") : `${prefix}/`
}

function isOwn(scope: string): boolean {
  return scope.includes(":")
}
