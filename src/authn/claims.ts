import type { Principal } from "../model/principal.js"
import type { Caller } from "./caller.js"
import { groupsOfClaims } from "./group-claims.js"
import type { ClaimNames } from "./issuer.js"
import { isEmail, isReserved, isShown } from "./names.js"
import { refused } from "./reasons.js"
import { textsOf } from "./texts-of.js"
import type { Claims } from "./token.js"

/** Whom the claims of a token name. */
export type ClaimedPrincipal = Pick<Caller, "principal" | "dropped">

/**
 * The person whom a token names, by the claims that its issuer uses. The e-mail counts unless `email_verified` says that it is not verified.
 * Scopes are those of `scope`, else `scp`; without any the set is empty: a token never is unrestricted.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed`, `subject_reserved` or `subject_domain`, `ERR_INPUT_INVALID` with
 * `too_many_groups`
 */
export function principalOfClaims(claims: Claims, names: ClaimNames): ClaimedPrincipal {
  const id = idOf(claims, names)
  const groups = groupsOfClaims(claims, names.groupsClaims)
  const email = names.emailClaims.map((name) => claims.get(name)).find((claim): claim is string => typeof claim === "string" && claim !== "")
  const isKept = email !== undefined && isVerified(claims) && isEmail(email) && !isReserved(email) && isVouchedFor(email, names)
  const kept = groups.filter(isBindable)
  const principal: Principal = {
    kind: "person",
    id,
    ...(isKept && { email }),
    ...(kept.length > 0 && { groups: [...new Set(kept)] }),
    scopes: scopesOf(claims, names),
  }
  const dropped = [...(email === undefined || isKept ? [] : [email]), ...groups.filter((group) => !isBindable(group))]
  return { principal, dropped }
}

function idOf(claims: Claims, names: ClaimNames): string {
  const named = claims.get(names.subjectClaim) ?? ""
  const [claim, id] = named === "" ? ["sub", claims.get("sub")] : [names.subjectClaim, named]
  if (typeof id !== "string" || id === "" || id.length > 256 || !isShown(id) || id.trim() !== id)
    throw refused("token_malformed", `the claim ${claim} is no name of 1 to 256 printable characters`)
  if (isReserved(id)) throw refused("subject_reserved", `the claim ${claim} names everybody, a service or a group, which no token can prove to be`)
  if (id.includes("@") && !isVouchedFor(id, names))
    throw refused("subject_domain", `the claim ${claim} is an address outside the issuer's email_domains`)
  return id
}

function isVouchedFor(address: string, { emailDomains }: ClaimNames): boolean {
  if (!emailDomains) return true
  return isEmail(address) && emailDomains.has(address.slice(address.indexOf("@") + 1).toLowerCase())
}

/** Some providers write the truth value as a text. */
function isVerified(claims: Claims): boolean {
  const verified = claims.get("email_verified") ?? true
  return verified === true || verified === "true"
}

/** With a comma it would be two in a header. */
function isBindable(group: string): boolean {
  return !isReserved(group) && group.length <= 256 && !group.includes(",") && isShown(group)
}

function scopesOf(claims: Claims, { scopePrefix = "" }: ClaimNames): readonly string[] {
  const [scopes, scp] = [claims.get("scope"), claims.get("scp")].map((claim) => textsOf(claim, /\s+/).flatMap((text) => textsOf(text, /\s+/)))
  const granted = (scopes?.length ? scopes : scp) ?? []
  return [...new Set(granted.map((scope) => (scope.startsWith(scopePrefix) ? scope.slice(scopePrefix.length) : scope)))].filter(
    (scope) => scope !== "",
  )
}
