import { readStatusReport } from "../fleet/index.js"
import { refusal } from "../model/refusal.js"
import { scanJson } from "../model/json-scanner.js"
import { explainedRefusal } from "./administration-refusal.js"
import { answerJson, refuse } from "./answer.js"
import { reportingClient } from "./bundle-access.js"
import type { Exchange, ServerContext } from "./context.js"
import { readBody } from "./read-body.js"

/** Where OPAs report to. A partition may follow. */
export const statusPath = "/status"

/** `POST /status`: an OPA says what it runs. Answered at once, because an OPA may not activate anything while it waits. */
export function serveReport(context: ServerContext, exchange: Exchange): void {
  exchange.route = statusPath
  const refused = (why: unknown): void => refuse(context, exchange, explainedRefusal(context, statusPath, exchange.requestId, why))
  const client = reportingClient(context, { incoming: exchange.request, outgoing: exchange.response }, "status")
  // It is looked at when the body is there, too.
  client.catch(() => undefined)
  readBody(exchange.request, context.limits.bodyBytes, (body) => {
    if (!Buffer.isBuffer(body)) return refused(body)
    client
      .then((who) => {
        const report = readStatusReport(jsonOf(body))
        if (!report) return refused(refusal(400, "input_invalid", "this is no status of an OPA; send a JSON object with labels and bundles"))
        context.distribution.fleet.reported(who, report)
        answerJson(context, exchange, 200, "{}")
      }, refused)
      .catch(refused)
  })
}

const mostDepth = 32
const mostKeys = 10_000

function jsonOf(body: Buffer): unknown {
  if (scanJson(body, { depth: mostDepth, keys: mostKeys })) return undefined
  try {
    return JSON.parse(body.toString("utf8"))
  } catch {
    return undefined
  }
}
