import type { AuthorizationRequest, Decision, PermissionsRequest, RoleRequest } from "../model/decision.js"
import type { Active } from "./active.js"
import { allowInput, allowManyInput, permissionsInput, roleInput } from "./policy-input.js"
import { assertRequests } from "./request-shape.js"

/** The decision on one request. */
export function authorize(active: Active, request: AuthorizationRequest): Decision {
  const input = allowInput(request, active)
  const result = active.policy.evaluateText("authz/allow", input)
  return toDecision(active, isTrueIn(result, "allowed"))
}

/** Requests that one evaluation decides; bounds the shared slice. */
export const batchSize = 50

/** The decisions on many requests: same answers, same order, cheaper. */
export function authorizeMany(active: Active, requests: readonly AuthorizationRequest[]): readonly Decision[] {
  assertRequests(requests)
  const decisions: Decision[] = []
  for (let start = 0; start < requests.length; start += batchSize) {
    const batch = requests.slice(start, start + batchSize)
    const results = active.policy.evaluateText("authz/allow_many", allowManyInput(batch, active))
    const whole = Array.isArray(results) && results.length === batch.length ? results : []
    for (const index of batch.keys()) decisions.push(toDecision(active, whole[index] === true))
  }
  return decisions
}

/** Whether all the permissions are held. */
export function hasPermissions(active: Active, request: PermissionsRequest): Decision {
  return toDecision(active, isTrueIn(active.policy.evaluateText("authz/has_permissions", permissionsInput(request, active)), "allowed"))
}

/** Whether the role is held. */
export function hasRole(active: Active, request: RoleRequest): Decision {
  return toDecision(active, isTrueIn(active.policy.evaluateText("authz/has_role", roleInput(request, active)), "has_role"))
}

/** Fail closed: anything but an object that says exactly `true` is a deny. */
function isTrueIn(result: unknown, member: "allowed" | "has_role"): boolean {
  if (typeof result !== "object" || result === null) return false
  return member === "allowed" ? "allowed" in result && result.allowed === true : "has_role" in result && result.has_role === true
}

function toDecision(active: Active, allowed: boolean): Decision {
  return allowed ? active.allowed : active.denied
}
