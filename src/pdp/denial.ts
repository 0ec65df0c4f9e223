import { PdpError } from "../errors.js"
import type { AuthorizationRequest, DenyReason, Explanation } from "../model/decision.js"
import type { Decisions } from "./pdp.js"

/**
 * Asks the policy, and throws what it denies. Roles and scopes are named only to callers who hold some role there.
 *
 * @throws {PdpError} `ERR_DENIED`, or `ERR_UNAUTHENTICATED` for nobody, with the reason
 */
export function assertAllowed(decisions: Pick<Decisions, "authorize" | "explain">, request: AuthorizationRequest): void {
  if (decisions.authorize(request).allowed) return
  const facts = decisions.explain(request)
  const [reason] = facts.reasons
  if (facts.caller === "anonymous")
    throw new PdpError("ERR_UNAUTHENTICATED", `${shown(request)} needs a principal; send credentials`, { reason: "no_credentials" })
  const isKnownThere = Object.keys(facts.roles).some((principal) => principal !== "*")
  const notes = (facts.notes ?? []).map((note) => `. ${note}`).join("")
  const needs = isKnownThere ? whatIsMissing(facts) : ""
  throw new PdpError("ERR_DENIED", `${shown(request)} is denied: ${facts.reasons.join(", ")}${needs}; ${remedyFor(facts)}${notes}`, {
    reason: reason ?? "role_missing",
    details: {
      reasons: facts.reasons,
      ...(isKnownThere && { workspace: facts.workspace, missing_permissions: facts.missing_permissions, required_scopes: facts.required_scopes }),
    },
  })
}

/** The query does not decide, and may be long. */
function shown({ method, path }: AuthorizationRequest): string {
  return `${method} ${(path.split("?", 1)[0] ?? "").slice(0, 256)}`
}

/** What to do about each reason. */
function remedyFor({ reasons, workspace = "system" }: Explanation): string {
  const who = workspace === "system" ? "a PlatformAdmin for a role in 'system'" : `an Admin of '${workspace}' for a role`
  const wantsRole = reasons.includes("role_missing") || reasons.includes("role_insufficient")
  const others = remedies.filter(([reason]) => reasons.includes(reason)).map(([, remedy]) => remedy)
  const all = [...(wantsRole ? [`ask ${who} that allows it`] : []), ...new Set(others)]
  return all.length === 0 ? "ask an administrator" : all.join(", and ")
}

const addOperation = "the authorization data must list this operation: add it, or let the document say `extends: portcullis`"

/** What to do, the first thing first. */
const remedies: readonly (readonly [DenyReason, string])[] = [
  ["no_data", "wait until authorization data is loaded"],
  ["input_invalid", "correct the request"],
  ["path_not_canonical", "send the path without needless escapes, empty or dot segments"],
  ["unknown_path", addOperation],
  ["unknown_method", addOperation],
  ["operation_denied", "the authorization data deny this operation to everybody"],
  ["caller_kind", "the authorization data keep this operation for the other kind of caller, services or persons"],
  ["scope_missing", 'log in again and ask for scopes that fit, such as --scope "platform:read platform:write"'],
  ["delegate_not_allowed", "only services act on behalf of others, of persons, and the person must be allowed it, too"],
]

function whatIsMissing({ missing_permissions: permissions, workspace, reasons, required_scopes: scopes }: Explanation): string {
  const parts = [
    ...(permissions.length > 0 ? [`it needs ${permissions.join(", ")} in workspace '${workspace ?? "system"}'`] : []),
    ...(reasons.includes("scope_missing") ? [`it needs a scope of ${scopes.join(", ")}`] : []),
  ]
  return parts.length === 0 ? "" : `; ${parts.join(", and ")}`
}
