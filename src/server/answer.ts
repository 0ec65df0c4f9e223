import type { ServerResponse } from "node:http"
import { opaErrorCode, opaErrorText } from "../opa/index.js"
import type { Exchange, ServerContext } from "./context.js"
import { refusalOf, refusalText, type Refusal } from "../model/refusal.js"
import type { Work } from "./work.js"

/**
 * Answers with JSON text in one write, at the end of this turn of the event loop: answers to requests that arrived together go out in a
 * row, while each by itself would wake their reader. A caller who is gone gets nothing.
 */
export function answerJson(context: ServerContext, exchange: Exchange, status: number, text: string, more: readonly string[] = none): void {
  const { response } = exchange
  if (response.headersSent || response.destroyed) return
  const head = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(text)), "X-Request-ID", exchange.requestId]
  for (const part of more) head.push(part)
  if (context.isClosing()) head.push("Connection", "close")
  setImmediate(send, context.work, response, status, head, text)
  context.metrics.answered(exchange.route, exchange.request.method ?? "", status, (context.now() - exchange.startedAt) / 1_000)
}

function send(work: Work, response: ServerResponse, status: number, head: string[], text: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, head)
  response.end(text)
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
  refuse(context, exchange, reason)
}

const none: readonly string[] = []
