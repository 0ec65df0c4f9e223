import { dataFlags, dataName, noFlags, opaJson, readBareInput, readDataQuery, readDataRequest } from "../opa/index.js"
import type { DataPlace, DataRequest } from "../opa/index.js"
import { refuse } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { evaluatedData, questionOf, type DataQuestion } from "./evaluated-data.js"
import { whenFresh } from "./fresh.js"
import { answerOpa, answerOpaError } from "./opa-answer.js"
import { readOpaBody } from "./opa-body.js"
import { readDataInput } from "./question.js"
import { refusal, type Refusal } from "../model/refusal.js"
import { checkTrust } from "./trust.js"

/** Where OPA's data API begins. */
export const dataPrefix = "/v1/data"

/** `POST|GET /v1/data/…`: what the policy says there, and `{}` for what is undefined. */
export function serveData(context: ServerContext, exchange: Exchange, rest: string, query: string): void {
  const place = placeOf(context, exchange, rest, dataPrefix)
  if ("status" in place) return refuse(context, exchange, place)
  const parameters = query === "" ? undefined : new URLSearchParams(query)
  const flags = parameters ? dataFlags(parameters) : noFlags
  const evaluate = (asked: DataRequest | Refusal): void => {
    if ("status" in asked) return refuse(context, exchange, asked)
    whenFresh(context, exchange, () => answerData(context, exchange, questionOf(context, exchange, place, asked, flags)))
  }
  if (exchange.request.method !== "POST") return evaluate(readParameter(parameters?.get("input") ?? null, context))
  readOpaBody(context, exchange, (body) => evaluate(Buffer.isBuffer(body) ? readDataInput(context, body, readDataRequest) : body))
}

/** `POST /v0/data/…`, and `POST /` for the default decision: the body is the input, and the answer the bare value. */
export function serveBareData(context: ServerContext, exchange: Exchange, rest: string, query: string): void {
  const place = placeOf(context, exchange, rest, exchange.request.url?.startsWith("/v0/") ? "/v0/data" : "")
  if ("status" in place) return refuse(context, exchange, place)
  const flags = query === "" ? noFlags : dataFlags(new URLSearchParams(query))
  readOpaBody(context, exchange, (body) => {
    const asked = Buffer.isBuffer(body) ? readDataInput(context, body, readBareInput) : body
    if ("status" in asked) return refuse(context, exchange, asked)
    whenFresh(context, exchange, () => answerBareData(context, exchange, questionOf(context, exchange, place, asked, flags)))
  })
}

/** What a path names, when the caller may ask. @param prefix the route; none for `/` */
export function placeOf(context: ServerContext, exchange: Exchange, rest: string, prefix: string): DataPlace | Refusal {
  exchange.route = prefix === "" ? "/" : prefix
  const untrusted = checkTrust(context, exchange.request)
  if (untrusted) return untrusted
  const place = context.opa.place(rest)
  if (place === "malformed") return refusal(400, "input_invalid", "the path holds a malformed percent escape")
  if (place.entrypoint !== undefined && prefix !== "") exchange.route = `${prefix}/${place.entrypoint}`
  return place
}

function answerData(context: ServerContext, exchange: Exchange, question: DataQuestion): void {
  const evaluated = evaluatedData(context, question)
  if ("error" in evaluated) return answerOpaError(context, exchange, 500, evaluated.error)
  answerOpa(context, exchange, 200, opaJson(evaluated.answer, question.flags.pretty), ["X-Portcullis-Revision", context.pdp.revision()])
}

function answerBareData(context: ServerContext, exchange: Exchange, question: DataQuestion): void {
  const evaluated = evaluatedData(context, question)
  if ("error" in evaluated) return answerOpaError(context, exchange, 500, evaluated.error)
  if (evaluated.result === undefined) {
    const { entrypoint, segments } = question.place
    const message = `document ${entrypoint === undefined ? "missing" : "undefined"}: ${dataName(segments)}`
    return answerOpaError(context, exchange, 404, { code: "undefined_document", message })
  }
  answerOpa(context, exchange, 200, opaJson(evaluated.result, question.flags.pretty), ["X-Portcullis-Revision", context.pdp.revision()])
}

function readParameter(input: string | null, context: ServerContext): DataRequest | Refusal {
  return readDataInput(context, Buffer.from(input ?? ""), () => readDataQuery(input))
}
