import { authenticationReasons } from "./reasons.js"

/**
 * The value of `WWW-Authenticate` for an answer 401, and for a 403 whose code is `scope_missing`. Without credentials it is `Bearer` alone. It holds
 * fixed texts, never anything of the request.
 *
 * @param code the `code` of the answer
 * @param requiredScopes for `scope_missing`: what the operation asks for
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */
export function challengeFor(code: string, requiredScopes: readonly string[] = []): string {
  if (withoutCredentials.has(code)) return "Bearer"
  if (code === "scope_missing") return ['Bearer error="insufficient_scope"', ...scopeParameter(requiredScopes)].join(", ")
  const meaning = meanings.get(code)
  return ['Bearer error="invalid_token"', ...(meaning === undefined ? [] : [`error_description="${code}: ${meaning}"`])].join(", ")
}

const withoutCredentials: ReadonlySet<string> = new Set(["no_credentials", "not_authenticated", "principal_header_rejected"])
const meanings: ReadonlyMap<string, string> = new Map(Object.entries(authenticationReasons).map(([code, { meaning }]) => [code, meaning]))

/** Scopes come from policies, so what is no scope token is left out rather than quoted. */
function scopeParameter(scopes: readonly string[]): readonly string[] {
  const tokens = [...new Set(scopes)].filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
  return tokens.length === 0 ? [] : [`scope="${tokens.join(" ")}"`]
}
