import { assertFewGroups } from "./names.js"
import { refused } from "./reasons.js"
import { textsOf } from "./texts-of.js"
import type { Claims } from "./token.js"

/**
 * The groups of a token: a list, or one text with commas, else with spaces between them.
 *
 * @param names claims in turn, of which the first that is there counts; a name with dots is also a path through objects, such as
 * `realm_access.roles`
 * @throws {PdpError} `ERR_INPUT_INVALID` with reason `too_many_groups`, also when the issuer says that it left them out
 */
export function groupsOfClaims(claims: Claims, names: readonly string[]): readonly string[] {
  assertComplete(claims, names)
  const claim = names.map((name) => claims.get(name) ?? atPath(claims, name)).find((value) => value !== undefined)
  const groups = textsOf(claim, typeof claim === "string" && claim.includes(",") ? "," : /\s+/)
  assertFewGroups(groups, "the groups claim")
  return groups
}

/** Azure AD leaves groups out from 201 on, and says where they could be asked for; to decide without them would be to truncate. */
function assertComplete(claims: Claims, names: readonly string[]): void {
  const elsewhere = claims.get("_claim_names")
  const isElsewhere = names.some((name) => ownMember(elsewhere, name) !== undefined)
  if (!isElsewhere && !(names.includes("groups") && (claims.get("hasgroups") ?? false) !== false)) return
  throw refused(
    "too_many_groups",
    "the identity provider left the groups out of the token, because there are too many (Azure AD's group overage)",
    overageRemedy,
  )
}

const overageRemedy = "in Azure AD let the token hold only groups assigned to the application, or app roles with auth.oidc.groups_claim: roles"

function atPath(claims: Claims, path: string): unknown {
  const [first = "", ...rest] = path.split(".")
  return rest.length === 0 ? undefined : rest.reduce<unknown>(ownMember, claims.get(first))
}

function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
