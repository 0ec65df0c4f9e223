import { isEmail, isReserved, type Claims, type Issuer, type Token } from "../authn/index.js"
import { failed, failedBy, listed, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { Rules } from "./rules.js"
import { namedBy, withoutName } from "./token-names.js"
import { scopesFinding } from "./token-scopes.js"

/** Whom a token names, and what may come of it. @param method what is to be done with it; undefined: anything */
export function checkPerson({ claims }: Token, issuer: Issuer | undefined, rules: Rules | undefined, method: string | undefined): readonly Finding[] {
  const names = issuer ?? [...(rules?.issuers.values() ?? [])][0]
  if (!names || !rules) return unknownClaims
  return [
    principalFinding(claims, names),
    emailFinding(claims, names, rules),
    ...administratorFindings(claims, names, rules),
    groupsFinding(claims, names),
    scopesFinding(claims, names, rules, method),
  ]
}

const unknownClaims = (["principal", "e-mail", "groups", "scopes"] as const).map((check) => unchecked(check, "it is not known which claims count"))

function principalFinding(claims: Claims, names: Issuer): Finding {
  const named = namedBy(claims, { ...names, groupsClaims: [] })
  return "problem" in named ? failedBy("principal", named.problem) : passed("principal", `it names ${quoted(named.value.principal.id)}`)
}

const otherClaims = ["email", "upn", "preferred_username"]

function emailFinding(claims: Claims, names: Issuer, { from }: Rules): Finding {
  const [claim = "email"] = names.emailClaims
  const email = claims.get(claim)
  if (typeof email !== "string" || email === "") return missingEmail(claims, claim, from)
  const named = namedBy(withoutName(claims), { ...names, subjectClaim: "sub", groupsClaims: [] })
  if (!("problem" in named) && named.value.principal.email === email) return passed("e-mail", `the claim ${claim} holds ${quoted(email)}`)
  return uncountedEmail(claims, email, claim)
}

/** Why an e-mail claim does not count. */
function uncountedEmail(claims: Claims, email: string, claim: string): Finding {
  if (!isEmail(email) || isReserved(email))
    return failed(
      "e-mail",
      `the claim ${claim} holds ${quoted(email)}, which is no e-mail address`,
      "set auth.oidc.email_claim to the claim that holds one",
    )
  if (String(claims.get("email_verified") ?? true) !== "true")
    return failed("e-mail", `${quoted(email)} does not count, because email_verified is not true`, "let the identity provider verify the address")
  const domain = email.slice(email.indexOf("@") + 1).toLowerCase()
  return failed("e-mail", `${quoted(email)} is outside the issuer's email_domains`, `add ${quoted(domain)} to the email_domains of this issuer`)
}

function missingEmail(claims: Claims, claim: string, from: Rules["from"]): Finding {
  const elsewhere = otherClaims.find((other) => other !== claim && looksLikeEmail(claims.get(other)))
  if (elsewhere === undefined)
    return failed(
      "e-mail",
      `the token has no claim ${claim}`,
      "ask for the scope email, or let the identity provider put an e-mail address into access tokens",
    )
  const detail = `the token has no claim ${claim}; ${elsewhere} holds ${quoted(claims.get(elsewhere))}`
  if (from === "sidecar") return unchecked("e-mail", `${detail}; only the configuration knows which claim counts`, "name it with --config")
  return failed("e-mail", detail, `set auth.oidc.email_claim to ${elsewhere}`)
}

function looksLikeEmail(value: unknown): boolean {
  return typeof value === "string" && isEmail(value)
}

function administratorFindings(claims: Claims, { emailClaims, subjectClaim }: Issuer, { adminEmail }: Rules): readonly Finding[] {
  if (adminEmail === undefined) return []
  const [claim = "email"] = emailClaims
  const counting = [claims.get(claim), claims.get(subjectClaim) ?? claims.get("sub")]
  if (counting.includes(adminEmail)) return [passed("administrator", `the token is that of admin_email ${quoted(adminEmail)}`)]
  const near = [...new Set([...counting, ...otherClaims.map((other) => claims.get(other))])].find((name) => isAlike(name, adminEmail))
  if (near === undefined) return [passed("administrator", `the token is not that of admin_email ${quoted(adminEmail)}`)]
  return [nearAdministrator(claims, { claim, near, adminEmail })]
}

interface NearMiss {
  /** The configured e-mail claim. */
  readonly claim: string
  readonly near: unknown
  readonly adminEmail: string
}

function nearAdministrator(claims: Claims, { claim, near, adminEmail }: NearMiss): Finding {
  const holder = [claim, ...otherClaims].find((other) => claims.get(other) === near) ?? claim
  const caseDiffers =
    near === adminEmail ? [] : [`${quoted(near)} and admin_email ${quoted(adminEmail)} differ in upper and lower case only, and are two principals`]
  const claimDiffers = holder === claim ? [] : [`${holder} holds ${quoted(near)}, but the claim that counts is ${claim}`]
  const remedies = [
    ...(caseDiffers.length > 0 ? [`set auth.admin_email to ${quoted(near)}`] : []),
    ...(claimDiffers.length > 0 ? [`set auth.oidc.email_claim to ${holder}`] : []),
  ]
  return failed("administrator", [...claimDiffers, ...caseDiffers].join("; "), remedies.join(" and "))
}

function isAlike(name: unknown, adminEmail: string): boolean {
  return typeof name === "string" && name.toLowerCase() === adminEmail.toLowerCase()
}

function groupsFinding(claims: Claims, names: Issuer): Finding {
  const named = namedBy(withoutName(claims), { ...names, subjectClaim: "sub", emailClaims: [] })
  if ("problem" in named) return failedBy("groups", named.problem)
  const { principal, dropped } = named.value
  const groups = principal.groups ?? []
  if (dropped.length === 0) return passed("groups", groups.length === 0 ? "the token names none" : listed(groups))
  const remedy = "rename these groups at the identity provider, or let auth.oidc.groups_claim name another claim"
  return failed("groups", `left out, because such names are reserved or too long: ${listed(dropped)}; kept: ${listed(groups) || "none"}`, remedy)
}
