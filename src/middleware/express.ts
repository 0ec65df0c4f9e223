import { admission, type Admission } from "./admission.js"
import { answerFailure, type RawResponse } from "./answer-failure.js"
import { admissionRequest, type Incoming, type Outgoing } from "./incoming.js"
import type { MiddlewareOptions } from "./options.js"
import type { RefusedAnswer } from "./refused-answer.js"

export { admission, type Admission, type Admit, type Outcome } from "./admission.js"
export type { DecisionEvent, RefusalFacts } from "./decision-event.js"
export type { GatewayDecision, GatewayDecisions, Unproven } from "./gateway-decision.js"
export type { MiddlewareOptions } from "./options.js"
export { admitUpgrades, type UpgradeRequest, type UpgradeSocket } from "./upgrade.js"

declare global {
  // Express's own place for what middlewares add to its requests; it needs no types of Express.
  namespace Express {
    interface Request {
      /** Who was let in. Absent on open paths. */
      portcullis?: Admission
    }
  }
}

/** The part of a request of Express that is looked at. */
export interface ExpressRequest extends Incoming {
  readonly method: string
  /** As it came over the wire; routers rewrite `url`. */
  readonly originalUrl: string
  portcullis?: Admission
}

/** The part of a response that is used. */
export interface ExpressResponse extends Outgoing, RawResponse {}

/** A middleware, for `app.use`, a router, or one route. */
export type ExpressMiddleware<Request extends ExpressRequest> = (request: Request, response: ExpressResponse, next: () => void) => void

/**
 * A middleware for Express that lets in whom the PDP allows the method and the raw request target, wherever it is mounted; `req.portcullis` says who
 * that is. Everybody else is answered as the sidecar answers, and `next` is not called.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function portcullis<Request extends ExpressRequest = ExpressRequest>(options: MiddlewareOptions<Request>): ExpressMiddleware<Request> {
  const admit = admission(options)
  const { path } = options
  const pass = async (request: Request, response: ExpressResponse, next: () => void): Promise<void> => {
    const outcome = await admit(admissionRequest(request, response, request.originalUrl), path && (() => path(request)))
    if (response.headersSent || response.destroyed) return
    if (outcome.kind === "refused") return refuse(response, outcome.answer)
    if (outcome.kind === "admitted") request.portcullis = outcome.admission
    next()
  }
  return (request, response, next) => void pass(request, response, next).catch((thrown: unknown) => answerFailure(response, thrown))
}

function refuse(response: ExpressResponse, { status, headers, text }: RefusedAnswer): void {
  response.writeHead(status, { ...headers })
  response.end(text)
}
