import type { ServerResponse } from "node:http"
import { messageOf, PdpError } from "../errors.js"
import { evaluationError, opaErrorCode, opaErrorText, type OpaError } from "../opa/index.js"
import type { Exchange, ServerContext } from "./context.js"
import { refusalOf, refusalText, type Refusal } from "../model/refusal.js"
import type { Work } from "./work.js"

/** What {@link answerBody} writes. */
export interface AnsweredBody {
  readonly status: number
  readonly body: string | Buffer
  /** Names and values in turn; {@link answerBody} adds to it. */
  readonly head: string[]
}

/** Answers with JSON text, see {@link answerBody}. */
export function answerJson(context: ServerContext, exchange: Exchange, status: number, text: string, more: readonly string[] = none): void {
  answerBody(context, exchange, { status, body: text, head: ["Content-Type", "application/json", ...more] })
}

/**
 * Answers in one write, at the end of this turn of the event loop: answers to requests that arrived together go out in a
 * row, while each by itself would wake their reader. A caller who is gone gets nothing.
 */
export function answerBody(context: ServerContext, exchange: Exchange, { status, body, head }: AnsweredBody): void {
  const { response } = exchange
  if (response.headersSent || response.destroyed) return
  head.push("X-Request-ID", exchange.requestId)
  if (status !== 204 && status !== 304) head.push("Content-Length", String(typeof body === "string" ? Buffer.byteLength(body) : body.length))
  if (context.isClosing()) head.push("Connection", "close")
  setImmediate(send, context.work, response, status, head, body)
  context.metrics.answered(exchange.route, exchange.request.method ?? "", status, (context.now() - exchange.startedAt) / 1_000)
}

function send(work: Work, response: ServerResponse, status: number, head: string[], body: string | Buffer): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, head)
  response.end(body)
  work.answered(response)
}

/** Answers with an error: ours, or in OPA's shape on OPA's paths, where what is wrong with a body is always 400. */
export function refuse(context: ServerContext, exchange: Exchange, reason: Refusal): void {
  context.metrics.failed(reason.code)
  const status = exchange.opa && (reason.status === 413 || reason.status === 415) ? 400 : reason.status
  const text = exchange.opa ? opaErrorText(opaErrorCode(status), reason.message) : refusalText(reason)
  answerJson(context, exchange, status, text, Object.entries(reason.headers ?? {}).flat())
}

/** Answers what was thrown. Failures on our side are logged with the request id. */
export function refuseThrown(context: ServerContext, exchange: Exchange, thrown: unknown): void {
  const reason = refusalOf(thrown)
  if (reason.status === 500) context.logger.error({ err: thrown, requestId: exchange.requestId, route: exchange.route }, "request failed")
  if (!exchange.opa || reason.status !== 500) return refuse(context, exchange, reason)
  context.metrics.failed(reason.code)
  const { code, message, errors } = thrownError(thrown, reason)
  answerJson(context, exchange, 500, opaErrorText(code, message, errors))
}

/** What OPA would say of something that was thrown inside. */
export function thrownError(thrown: unknown, reason: Refusal = refusalOf(thrown)): OpaError {
  if (!(thrown instanceof PdpError) || reason.code !== "evaluation") return { code: opaErrorCode(reason.status), message: reason.message }
  return evaluationError(messageOf(thrown.cause ?? thrown))
}

const none: readonly string[] = []
