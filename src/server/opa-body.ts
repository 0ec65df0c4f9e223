import { isYamlType, yamlBody } from "../opa/index.js"
import { refusal, type Refusal } from "../model/refusal.js"
import type { Exchange, ServerContext } from "./context.js"
import { readBody } from "./read-body.js"

/** Reads the body of a request to OPA's API: JSON, or what is YAML by its `Content-Type` as JSON. @param done called once; never when the caller goes away */
export function readOpaBody(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  const { request } = exchange
  if (exchange.body) return done(asJson(exchange, exchange.body))
  readBody(request, context.limits.bodyBytes, (body) => done(Buffer.isBuffer(body) ? asJson(exchange, body) : inOpasWords(exchange, body, context)))
}

/** The same, and kept for whoever reads it next. */
export function keepOpaBody(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  readBody(exchange.request, context.limits.bodyBytes, (body) => {
    if (!Buffer.isBuffer(body)) return done(inOpasWords(exchange, body, context))
    exchange.body = body
    done(asJson(exchange, body))
  })
}

function asJson({ request }: Exchange, body: Buffer): Buffer | Refusal {
  if (!isYamlType(request.headers["content-type"]) || body.length === 0) return body
  const read = yamlBody(body.toString("utf8"))
  return "problem" in read ? refusal(400, "input_invalid", read.problem) : Buffer.from(read.json)
}

function inOpasWords({ request }: Exchange, reason: Refusal, { limits }: ServerContext): Refusal {
  if (reason.status !== 413) return reason
  const isInflated = request.headers["content-encoding"]?.toLowerCase() === "gzip" && !(Number(request.headers["content-length"]) > limits.bodyBytes)
  return { ...reason, message: isInflated ? "compressed request body too large" : "request body too large" }
}
