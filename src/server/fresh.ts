import { refuseThrown } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { goneSignal } from "./gone.js"

/** Runs `decide` now, or once decisions reflect the revision in `X-Portcullis-At-Least`. What it throws is answered. */
export function whenFresh(context: ServerContext, exchange: Exchange, decide: () => void): void {
  const wanted = exchange.request.headers["x-portcullis-at-least"]
  if (wanted === undefined) return guarded(context, exchange, decide)
  const signal = goneSignal(exchange.response)
  context.atLeast(String(wanted), { timeoutMs: context.limits.atLeastSeconds * 1_000, signal }).then(
    () => guarded(context, exchange, decide),
    (thrown: unknown) => refuseThrown(context, exchange, thrown),
  )
}

function guarded(context: ServerContext, exchange: Exchange, decide: () => void): void {
  try {
    decide()
  } catch (thrown) {
    refuseThrown(context, exchange, thrown)
  }
}
