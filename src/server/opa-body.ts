import { isYamlType, yamlBody } from "../opa/index.js"
import { refusal, type Refusal } from "../model/refusal.js"
import type { Exchange, ServerContext } from "./context.js"
import { readBody } from "./read-body.js"

/** Reads a question to OPA's API: JSON, or what is YAML by its `Content-Type` as JSON. @param done called once; never when the caller goes away */
export function readOpaBody(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  readSent(context, exchange, (body) => done(Buffer.isBuffer(body) ? asJson(exchange, body) : body))
}

/** Reads the body of a write, which is JSON whatever its `Content-Type` says, as in OPA. */
export function readWrittenBody(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  readSent(context, exchange, done)
}

/** The same, and kept for whoever reads it next. */
export function keepOpaBody(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  readSent(context, exchange, (body) => {
    if (!Buffer.isBuffer(body)) return done(body)
    exchange.body = body
    done(asJson(exchange, body))
  })
}

function readSent(context: ServerContext, exchange: Exchange, done: (body: Buffer | Refusal) => void): void {
  if (exchange.body) return done(exchange.body)
  readBody(exchange.request, context.limits.bodyBytes, (body) => done(Buffer.isBuffer(body) ? body : inOpasWords(exchange, body, context)))
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
