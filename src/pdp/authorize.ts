import type { AuthorizationRequest, Decision, PermissionsRequest, RoleRequest } from "../model/decision.js"
import type { Active } from "./active.js"
import { allowInput, allowManyInput, permissionsInput, roleInput } from "./policy-input.js"
import { assertRequests } from "./request-shape.js"

/** The decision on one request. */
export function authorize(active: Active, request: AuthorizationRequest): Decision {
  const input = allowInput(request, active)
  const result = active.policy.evaluateText("authz/allowed", input)
  return toDecision(active, result === true)
}

/** The same by `authz/allow`, which a policy of somebody else has. */
export function authorizeByAllow(active: Active, request: AuthorizationRequest): Decision {
  const result = active.policy.evaluateText("authz/allow", allowInput(request, active))
  return toDecision(active, isTrueIn(result, "allowed"))
}

/** Requests that one evaluation decides; bounds the shared slice. */
export const batchSize = 50

/**
 * The decisions on many requests: same answers, same order, cheaper for those of one caller in a row. Different callers have nothing to share.
 *
 * @param decideOne decides a request that has no neighbour of the same caller
 */
export function authorizeMany(active: Active, requests: readonly AuthorizationRequest[], decideOne = authorize): readonly Decision[] {
  assertRequests(requests)
  const decisions: Decision[] = []
  let start = 0
  while (start < requests.length) {
    const batch = requests.slice(start, endOfBatch(requests, start))
    const [first] = batch
    if (first && batch.length === 1) decisions.push(decideOne(active, first))
    else for (const decision of decideBatch(active, batch)) decisions.push(decision)
    start += batch.length
  }
  return decisions
}

function endOfBatch(requests: readonly AuthorizationRequest[], start: number): number {
  const caller = callerAt(requests, start)
  let end = start + 1
  while (end < requests.length && end < start + batchSize && callerAt(requests, end) === caller) end++
  return end
}

function callerAt(requests: readonly AuthorizationRequest[], index: number): string | undefined {
  const request = requests[index]
  return typeof request?.principal === "object" && request.principal !== null ? request.principal.id : undefined
}

function decideBatch(active: Active, batch: readonly AuthorizationRequest[]): readonly Decision[] {
  const results = active.policy.evaluateText("authz/allow_many", allowManyInput(batch, active))
  const whole = Array.isArray(results) && results.length === batch.length ? results : []
  return batch.map((_, index) => toDecision(active, whole[index] === true))
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
