import type { Verdict } from "./verdict.js"

/**
 * What metrics count: `preflight` passed without anybody being asked; `shadow_denied` passed because of shadow mode; `failed` is a fault of ours, whether it
 * passed or not.
 */
export type GatewayOutcome = "allowed" | "preflight" | "denied" | "shadow_denied" | "failed"

/** How a verdict counts. */
export function outcomeOf({ kind, refusal, isPreflight }: Verdict): GatewayOutcome {
  if (isPreflight) return "preflight"
  if (kind !== "shadowed") return kind
  return refusal.status >= 500 ? "failed" : "shadow_denied"
}
