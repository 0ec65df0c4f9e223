import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { Caller } from "./caller.js"
import { tokenMalformed } from "./bearer-token.js"
import { assertFewGroups, isEmail, isReserved } from "./names.js"

/** Whom the claims of a token name. */
export type ClaimedPrincipal = Pick<Caller, "principal" | "dropped">

/**
 * The person whom a token names: `sub`; `email`, else `upn`, unless `email_verified` is false; `groups`, a list or one text with commas; the scopes
 * of `scope`, else `scp`. Without scopes the set is empty: a token never is unrestricted.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed` or `subject_reserved`, `ERR_INPUT_INVALID` with `too_many_groups`
 */
export function principalOfClaims(claims: Readonly<Record<string, unknown>>): ClaimedPrincipal {
  const groups = textsOf(claims["groups"], ",")
  assertFewGroups(groups, "the claim groups")
  const [email] = [claims["email"], claims["upn"]].filter((claim): claim is string => typeof claim === "string" && claim !== "")
  const isKept = email !== undefined && claims["email_verified"] !== false && isEmail(email) && !isReserved(email)
  const kept = groups.filter(isBindable)
  const principal: Principal = {
    kind: "person",
    id: idOf(claims["sub"]),
    ...(isKept && { email }),
    ...(kept.length > 0 && { groups: [...new Set(kept)] }),
    scopes: scopesOf(claims),
  }
  const dropped = [...(email === undefined || isKept ? [] : [email]), ...groups.filter((group) => !isBindable(group))]
  return { principal, dropped }
}

function idOf(claim: unknown): string {
  if (typeof claim !== "string" || claim === "" || claim.length > 256 || /\p{C}|^\s|\s$/u.test(claim))
    throw tokenMalformed("the claim sub is no name of 1 to 256 printable characters")
  if (isReserved(claim))
    throw new PdpError("ERR_UNAUTHENTICATED", "the claim sub names everybody, a service or a group, which no token can prove to be", {
      reason: "subject_reserved",
    })
  return claim
}

function isBindable(group: string): boolean {
  return !isReserved(group) && group.length <= 256 && !/\p{C}/u.test(group)
}

function scopesOf({ scope, scp }: Readonly<Record<string, unknown>>): readonly string[] {
  const scopes = textsOf(scope, /\s+/)
  return [...new Set(scopes.length > 0 ? scopes : textsOf(scp, /\s+/))]
}

function textsOf(claim: unknown, separator: string | RegExp): readonly string[] {
  const parts: readonly unknown[] = typeof claim === "string" ? claim.split(separator) : Array.isArray(claim) ? claim : []
  return parts
    .filter((part): part is string => typeof part === "string")
    .map((part) => part.trim())
    .filter((part) => part !== "")
}
