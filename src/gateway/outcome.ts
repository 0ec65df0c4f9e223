import type { Verdict } from "./judge.js"

/** What metrics count: `shadow_denied` passed because of shadow mode; `failed` is a fault of ours, whether it passed or not. */
export type GatewayOutcome = "allowed" | "denied" | "shadow_denied" | "failed"

/** How a verdict counts. */
export function outcomeOf({ kind, refusal }: Verdict): GatewayOutcome {
  if (kind !== "shadowed") return kind
  return refusal !== undefined && refusal.status >= 500 ? "failed" : "shadow_denied"
}
