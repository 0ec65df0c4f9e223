import { refusal } from "../model/refusal.js"
import { explainedRefusal } from "./administration-refusal.js"
import { answerJson, refuse } from "./answer.js"
import { reportingClient } from "./bundle-access.js"
import type { Exchange, ServerContext } from "./context.js"
import { readBody } from "./read-body.js"

/** Where OPAs upload their decision logs to. A partition may follow. */
export const logsPath = "/logs"

/** `POST /logs[/{partition}]`: what an OPA has decided, merged into our decision log. */
export function serveLogs(context: ServerContext, exchange: Exchange, path: string): void {
  exchange.route = logsPath
  const { decisionLogs } = context
  const refused = (why: unknown): void => refuse(context, exchange, explainedRefusal(context, logsPath, exchange.requestId, why))
  if (!decisionLogs) return refused(noDecisionLog)
  const partition = path.slice(logsPath.length + 1)
  const client = reportingClient(context, { incoming: exchange.request, outgoing: exchange.response }, "logs")
  // It is looked at when the body is there, too.
  client.catch(() => undefined)
  readBody(exchange.request, decisionLogs.mostBytes, (body) => {
    if (!Buffer.isBuffer(body)) return refused(body)
    client
      .then(({ who }) => decisionLogs.intake.receive(body, { name: who, ...(partition !== "" && { partition }) }))
      .then((outcome) => answerJson(context, exchange, 200, JSON.stringify(outcome)), refused)
      .catch(refused)
  })
}

const noDecisionLog = refusal(404, "not_found", "there is no decision log here to add to; name a sink, such as decision_log.file.path")
