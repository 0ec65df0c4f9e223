import { z } from "zod"
import { PdpError } from "../errors.js"
import type { AuthorizationRequest, Explanation } from "../model/decision.js"
import type { Active } from "./active.js"
import { allowInput } from "./policy-input.js"

const denyReasons = [
  "role_missing",
  "role_insufficient",
  "scope_missing",
  "unknown_path",
  "unknown_method",
  "path_not_canonical",
  "caller_kind",
  "operation_denied",
  "not_authenticated",
  "delegate_not_allowed",
  "input_invalid",
  "no_data",
] as const

const Facts = z.object({
  allowed: z.boolean(),
  rule: z.string().exactOptional(),
  reasons: z.array(z.enum(denyReasons)),
  endpoint: z.string().exactOptional(),
  method: z.string(),
  workspace: z.string().exactOptional(),
  caller: z.enum(["person", "service", "anonymous"]),
  roles: z.record(z.string(), z.array(z.string())),
  missing_permissions: z.array(z.string()),
  required_scopes: z.array(z.string()),
  scopes_presented: z.array(z.string()).exactOptional(),
})

/**
 * The facts behind the decision on a request.
 *
 * @throws {PdpError} `ERR_EVALUATION` when the policy answers anything but such facts
 */
export function explain(active: Active, request: AuthorizationRequest): Explanation {
  const facts = Facts.safeParse(active.policy.evaluateText("authz/explain", allowInput(request, active)))
  if (!facts.success) throw new PdpError("ERR_EVALUATION", `authz/explain answered no facts: ${z.prettifyError(facts.error)}`)
  return { ...facts.data, revision: active.revision }
}
