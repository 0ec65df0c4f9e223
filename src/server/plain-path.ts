import { plainPath } from "../opa/index.js"
import { drainBody } from "./read-body.js"
import type { Exchange, ServerContext } from "./context.js"
import { answerNothing } from "./opa-answer.js"

/**
 * Sends a path with empty segments, or a `/` at its end, to the plain one, as OPA does; nothing is served, and nobody is asked.
 *
 * @returns false for a path that is plain
 */
export function isSentToPlainPath(context: ServerContext, exchange: Exchange): boolean {
  const { url = "" } = exchange.request
  const queryAt = url.indexOf("?")
  const plain = plainPath(queryAt < 0 ? url : url.slice(0, queryAt))
  if (!plain) return false
  drainBody(exchange.request)
  answerNothing(context, exchange, plain.status, ["Location", plain.path + (queryAt < 0 ? "" : url.slice(queryAt))])
  return true
}
