import { proposed, urlFlags, type ApiTarget } from "./api-options.js"
import type { Caller } from "./who-am-i.js"

/** What to run next when a sidecar did not believe somebody. @param code which cause it named */
export function hintsForCredentials(target: ApiTarget, code: string | undefined): readonly string[] {
  const { identity } = target
  if (code === "idp_unavailable") return ["This says which provider cannot be asked, and why:", `  ${ours(target, "doctor")}`]
  if (identity.kind === "principal") {
    if (code === "principal_header_rejected" && identity.source === "PORTCULLIS_PRINCIPAL")
      return [
        "PORTCULLIS_PRINCIPAL is set and names somebody: unset it, and log in",
        "  unset PORTCULLIS_PRINCIPAL",
        `  ${ours(target, "auth", "login")}`,
      ]
    if (code === "principal_header_rejected") return ["Log in instead of naming somebody:", `  ${ours(target, "auth", "login")}`]
    return [`You asked as '${identity.principal}'; --as or PORTCULLIS_PRINCIPAL names somebody else, and '${ours(target, "auth", "login")}' logs in.`]
  }
  const again = identity.source === "login" ? ["Log in again:"] : ["The token came from PORTCULLIS_TOKEN: set another one, or unset it and log in:"]
  const causes = [
    "This shows what the token says, and what the sidecar says of it:",
    `  ${ours(target, "auth", "status")}`,
    "This looks for the cause:",
    `  ${ours(target, "doctor")}`,
  ]
  return code === "token_expired" ? [...again, `  ${ours(target, "auth", "login")}`] : causes
}

/** How to get a token that may do more. @param required any of these would do */
export function hintsForScopes(target: ApiTarget, caller: Caller | undefined, required: readonly string[]): readonly string[] {
  if (target.identity.kind === "principal") return []
  if (target.identity.source === "PORTCULLIS_TOKEN") return [`The token came from PORTCULLIS_TOKEN: set one with ${oneOf(required)}.`]
  const [first] = required.toSorted((left, right) => Number(right.startsWith("platform:")) - Number(left.startsWith("platform:")))
  const held = (caller?.scopes ?? []).filter((scope) => scope.includes(":"))
  const wanted = first === undefined ? ["platform:read", "platform:write"] : [...new Set([...held, first])]
  const asked = wanted.filter((scope) => /^[\w:./-]+$/.test(scope)).join(" ")
  return ["Log in again with a scope that fits:", `  ${ours(target, "auth", "login")} --scope "${asked}"`]
}

function oneOf(scopes: readonly string[]): string {
  return scopes.length === 0 ? "the scopes that are due" : `a scope of ${scopes.join(", ")}`
}

/** A command that asks the same sidecar. */
function ours(target: ApiTarget, ...args: readonly string[]): string {
  return proposed({ flags: urlFlags(target) }, ...args)
}
