import { refusalHeaders } from "../authn/index.js"
import { refusalText } from "../model/refusal.js"
import type { GatewayAnswer } from "./gateway.js"
import type { StoppedVerdict } from "./verdict.js"

/**
 * The answer to a request that does not pass: JSON `{"detail","code","decision_id",…}`, with how to prove who asks (401), and when to try again.
 *
 * @param retrySeconds when it is worth trying again after an identity provider could not be asked
 */
export function refusedAnswer({ refusal: reason, decisionId, revision }: StoppedVerdict, retrySeconds: number): GatewayAnswer {
  const { status, code, details } = reason
  const body = refusalText({ ...reason, details: { ...details, decision_id: decisionId } })
  const headers = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    ...refusalHeaders(reason, { revision: revision === "" ? undefined : revision, retrySeconds }),
    ...(code === "idp_unavailable" && { "Retry-After": String(retrySeconds) }),
    "X-Portcullis-Decision-Id": decisionId,
  }
  return { status, headers: Object.entries(headers), body }
}
