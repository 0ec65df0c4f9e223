import { dataAnswerText, decisionsIn, entrypointPaths, parseDataPath, queryFlag, readDataQuery, readDataRequest, valueInside } from "../opa/index.js"
import type { DataPath, DataRequest } from "../opa/index.js"
import { answerJson, refuse } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { whenFresh } from "./fresh.js"
import { readDataInput } from "./question.js"
import { readBody } from "./read-body.js"
import { refusal, type Refusal } from "../model/refusal.js"
import { checkTrust } from "./trust.js"

/** Where OPA's data API begins. */
export const dataPrefix = "/v1/data"

/** `POST|GET /v1/data/…`: OPA's answer for our entrypoints and the places inside their results, and `{}` for all other data. */
export function serveData(context: ServerContext, exchange: Exchange, rest: string, query: URLSearchParams): void {
  const path = parseDataPath(rest)
  const untrusted = checkTrust(context, exchange.request)
  if (untrusted) return refuse(context, exchange, untrusted)
  if (path === "malformed") return refuse(context, exchange, refusal(400, "input_invalid", "the path holds a malformed percent escape"))
  exchange.route = path ? `${dataPrefix}/authz/${path.entrypoint}` : dataPrefix
  const evaluate = (asked: DataRequest | Refusal) => {
    if ("status" in asked) return refuse(context, exchange, asked)
    whenFresh(context, exchange, () => answerData(context, exchange, path, asked, queryFlag(query, "pretty")))
  }
  if (exchange.request.method !== "POST") return evaluate(readParameter(query.get("input"), context))
  readBody(exchange.request, context.limits.bodyBytes, (body) =>
    evaluate(Buffer.isBuffer(body) ? readDataInput(body, context.limits, readDataRequest) : body),
  )
}

function answerData(context: ServerContext, exchange: Exchange, path: DataPath | undefined, asked: DataRequest, pretty: boolean): void {
  const result = path && context.pdp.evaluate(entrypointPaths[path.entrypoint], asked.input)
  if (path) for (const allowed of decisionsIn(path.entrypoint, result)) context.metrics.decided(path.entrypoint, allowed ? "allow" : "deny")
  const text = dataAnswerText(path && valueInside(result, path.inside), asked.inputMissing, pretty)
  answerJson(context, exchange, 200, text, ["X-Portcullis-Revision", context.pdp.revision()])
}

function readParameter(input: string | null, context: ServerContext): DataRequest | Refusal {
  return readDataInput(Buffer.from(input ?? ""), context.limits, () => readDataQuery(input))
}
