import { gzip } from "node:zlib"
import { opaErrorText, type OpaError } from "../opa/index.js"
import { answerBody, answerJson } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"

/** Longer answers are compressed for those who take it, as by OPA's default. */
const smallestCompressed = 1_024

/** Answers with JSON text, compressed when it is long and the caller takes that. */
export function answerOpa(context: ServerContext, exchange: Exchange, status: number, text: string, more: readonly string[] = []): void {
  if (text.length <= smallestCompressed) return answerJson(context, exchange, status, text, more)
  const head = [...more, "Vary", "Accept-Encoding"]
  if (!takesGzip(exchange.request.headers["accept-encoding"])) return answerJson(context, exchange, status, text, head)
  gzip(text, (error, compressed) => {
    if (error) return answerJson(context, exchange, status, text, head)
    answerBody(context, exchange, { status, body: compressed, head: ["Content-Type", "application/json", "Content-Encoding", "gzip", ...head] })
  })
}

/** Answers with an error in OPA's shape. */
export function answerOpaError(context: ServerContext, exchange: Exchange, status: number, error: OpaError): void {
  context.metrics.failed(error.code)
  answerJson(context, exchange, status, opaErrorText(error.code, error.message, error.errors))
}

/** Answers without a body. */
export function answerNothing(context: ServerContext, exchange: Exchange, status: number, head: readonly string[] = []): void {
  answerBody(context, exchange, { status, body: "", head: [...head] })
}

/** Answers with plain text and a line end, as Go's router does. */
export function answerPlain(context: ServerContext, exchange: Exchange, status: number, text: string, head: readonly string[] = []): void {
  answerBody(context, exchange, { status, body: `${text}\n`, head: ["Content-Type", "text/plain; charset=utf-8", ...head] })
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 */
function takesGzip(accepted: string | undefined): boolean {
  if (accepted === undefined) return false
  const weights = new Map(accepted.split(",").map((one) => weightOf(one)))
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0
}

function weightOf(coding: string): readonly [string, number] {
  const [name = "", ...parameters] = coding.split(";").map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith("q="))
  return [name, weight === undefined ? 1 : Number(weight.slice(2)) || 0]
}
