import type { Claims, Issuer } from "../authn/index.js"
import { failed, failedBy, listed, passed, type Finding } from "./finding.js"
import type { Rules } from "./rules.js"
import { namedBy, withoutName } from "./token-names.js"

/** Are the scopes there that the built-in operations want? @param method what is to be done; undefined: anything */
export function scopesFinding(claims: Claims, names: Issuer, { scopes: mode }: Rules, method: string | undefined): Finding {
  if (mode === "off") return passed("scopes", "auth.scopes is off, so none are needed")
  const named = namedBy(withoutName(claims), { ...names, subjectClaim: "sub", groupsClaims: [] })
  if ("problem" in named) return failedBy("scopes", named.problem)
  const scopes = named.value.principal.scopes ?? []
  const own = scopes.filter((scope) => scope.includes(":"))
  const prefixed = own.find((scope) => platformScopes.some((known) => scope !== known && scope.endsWith(known)))
  if (prefixed !== undefined) return prefixFinding(prefixed)
  if (scopes.length === 0 && mode === "lenient") return passed("scopes", "the token has none, which auth.scopes: lenient takes for all")
  const missing = platformScopes.filter((scope) => !own.includes(scope) && !(scope === writeScope && isReading(method)))
  if (missing.length === 0) return passed("scopes", own.join(" "))
  const held = own.length === 0 ? "none of this API" : own.join(" ")
  return failed(
    "scopes",
    `scope_missing: the token has ${held}; ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not among them`,
    remedy,
  )
}

const writeScope = "platform:write"
const platformScopes = ["platform:read", writeScope]
const remedy =
  'log in with --scope "platform:read platform:write", and let the identity provider grant them; operations may want other scopes instead'

function isReading(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD"
}

function prefixFinding(scope: string): Finding {
  const prefix = scope.slice(0, scope.length - (platformScopes.find((known) => scope.endsWith(known)) ?? "").length)
  return failed(
    "scopes",
    `the scope ${listed([scope])} still has what the identity provider puts before it`,
    `set auth.oidc.scope_prefix to ${listed([prefix])}`,
  )
}
