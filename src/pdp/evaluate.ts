import type { Active } from "./active.js"
import { rawInput } from "./raw-input.js"

/** Evaluates an entrypoint with a caller's own policy input, with the slice attached. See `Pdp.evaluate`. */
export function evaluateRaw(active: Active, entrypoint: string, input: unknown): unknown {
  const { policy } = active
  if (typeof input !== "object" || input === null || Array.isArray(input)) return policy.evaluate(entrypoint, input)
  return policy.evaluateText(entrypoint, rawInput(Object.fromEntries(Object.entries(input)), active))
}
