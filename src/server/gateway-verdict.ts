import { withoutTokens } from "../decision-log/index.js"
import { outcomeOf, type GatewayName, type Verdict } from "../gateway/index.js"
import { pathOf } from "../model/canonical-path.js"
import type { ServerContext } from "./context.js"

/**
 * Counts what became of a request, and logs what the decision log does not have: what failed, what passed because of shadow mode or as a preflight, and what was
 * refused before it could be decided on.
 */
export function noteVerdict(
  { metrics, logger }: Pick<ServerContext, "metrics" | "logger">,
  gateway: GatewayName,
  verdict: Verdict,
  requestId: string,
): void {
  const { kind, decision, entrypoint = "allow", refusal, decisionId, request, isPreflight, thrown } = verdict
  metrics.gatewayAnswered(gateway, outcomeOf(verdict))
  if (decision) metrics.decided(entrypoint, decision.allowed ? "allow" : "deny")
  const asked = { method: request.method.slice(0, 64), path: withoutTokens(pathOf(request.target)).slice(0, mostLogged) }
  if (isPreflight) logger.info({ gateway, ...asked, decisionId, requestId }, "a CORS preflight passes without a decision")
  if (!refusal) return
  if (kind !== "shadowed") metrics.failed(refusal.code)
  const facts = { gateway, ...asked, code: refusal.code, decisionId, requestId }
  if (refusal.status === 500) logger.error({ ...facts, err: thrown }, "a request of a gateway could not be decided on")
  if (kind === "shadowed") logger.info(facts, "shadow mode lets a request pass that would be denied")
  else if (kind === "denied" && !decision) logger.info(facts, "a request of a gateway is refused before a decision")
}

const mostLogged = 256
