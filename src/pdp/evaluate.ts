import { PdpError } from "../errors.js"
import type { Active } from "./active.js"
import { batchSize } from "./authorize.js"
import { rawInput } from "./raw-input.js"

/** Evaluates an entrypoint with a caller's own policy input, with the slice attached. See `Pdp.evaluate`. */
export function evaluateRaw(active: Active, entrypoint: string, input: unknown): unknown {
  const { policy } = active
  if (typeof input !== "object" || input === null || Array.isArray(input)) return policy.evaluate(entrypoint, input)
  if (entrypoint === "authz/allow_many" && "requests" in input && Array.isArray(input.requests)) return evaluateMany(active, input.requests)
  return policy.evaluateText(entrypoint, rawInput(input, active))
}

/** In batches, so that a slice stays small: what one caller can need is none of another's. */
function evaluateMany(active: Active, requests: readonly unknown[]): unknown {
  const decisions: unknown[] = []
  for (let start = 0; start < requests.length; start += batchSize) {
    const results = active.policy.evaluateText("authz/allow_many", rawInput({ requests: requests.slice(start, start + batchSize) }, active))
    if (!Array.isArray(results)) throw new PdpError("ERR_EVALUATION", "authz/allow_many answered no list")
    decisions.push(...results)
  }
  return decisions
}
