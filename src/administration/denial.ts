import { PdpError } from "../errors.js"
import type { AuthorizationRequest, Explanation } from "../model/decision.js"
import type { Decisions } from "../pdp/index.js"

/**
 * Asks the policy, and throws what it denies. Roles and scopes are named only to callers who hold some role there.
 *
 * @throws {PdpError} `ERR_DENIED`, or `ERR_UNAUTHENTICATED` for nobody, with the reason
 */
export function assertAllowed(decisions: Decisions, request: AuthorizationRequest): void {
  if (decisions.authorize(request).allowed) return
  const facts = decisions.explain(request)
  const [reason] = facts.reasons
  if (facts.caller === "anonymous")
    throw new PdpError("ERR_UNAUTHENTICATED", `${request.method} ${request.path} needs a principal; send credentials`, { reason: "no_credentials" })
  const isKnownThere = Object.keys(facts.roles).some((principal) => principal !== "*")
  const needs = isKnownThere ? whatIsMissing(facts) : ""
  throw new PdpError("ERR_DENIED", `${request.method} ${request.path} is denied: ${facts.reasons.join(", ")}${needs}`, {
    reason: reason ?? "role_missing",
    details: {
      reasons: facts.reasons,
      ...(isKnownThere && { workspace: facts.workspace, missing_permissions: facts.missing_permissions, required_scopes: facts.required_scopes }),
    },
  })
}

function whatIsMissing({ missing_permissions: permissions, workspace, reasons, required_scopes: scopes }: Explanation): string {
  const parts = [
    ...(permissions.length > 0 ? [`it needs ${permissions.join(", ")} in workspace '${workspace ?? "system"}'`] : []),
    ...(reasons.includes("scope_missing") ? [`it needs a scope of ${scopes.join(", ")}`] : []),
  ]
  return parts.length === 0 ? "" : `; ${parts.join(", and ")}`
}
