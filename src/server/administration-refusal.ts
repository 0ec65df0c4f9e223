import { randomUUID } from "node:crypto"
import { refusalHeaders } from "../authn/index.js"
import type { ServerContext } from "./context.js"
import type { AppContext } from "./hono-app.js"
import { errorJson } from "./json.js"
import { refusal, refusalOf, type Refusal } from "../model/refusal.js"

/** Answers why an operation is not served, and whether it helps to try again. Failures on our side are logged with the request id. */
export function refusedResponse(context: ServerContext, route: string, c: AppContext, why: unknown): Response {
  const refused = explainedRefusal(context, route, String(c.env.outgoing.getHeader("X-Request-ID")), why)
  context.metrics.failed(refused.code)
  return errorJson(refused)
}

/** The refusal with what callers of operations are told besides. Failures on our side are logged. */
export function explainedRefusal(context: ServerContext, route: string, requestId: string, why: unknown): Refusal {
  const reason = isRefusal(why) ? why : refusalOf(why)
  if (reason.status === 500) context.logger.error({ err: why, requestId, route }, "request failed")
  const decision = reason.status === 403 ? { decision_id: randomUUID() } : {}
  if (reason.status === 403) context.logger.debug({ ...decision, requestId, route, code: reason.code }, "denied")
  const revision = reason.status === 403 ? context.pdp.revision() : undefined
  const headers = refusalHeaders(reason, { revision, retrySeconds: context.retrySeconds })
  return { ...reason, details: { ...reason.details, ...decision }, headers: { ...reason.headers, ...headers } }
}

/** Answered while there is nothing to write to. */
export const noAdministration = refusal(
  404,
  "not_found",
  "role bindings come from a read-only source here, so there is nothing to administer; configure a database (store.source: sqlite with store.path, or postgres with store.url)",
  { "x-should-retry": "false" },
)

function isRefusal(why: unknown): why is Refusal {
  return typeof why === "object" && why !== null && !(why instanceof Error) && "status" in why && "code" in why
}
