import type { IncomingMessage } from "node:http"
import { envoyPrefix, type Answered, type HttpGatewayName } from "../gateway/index.js"
import type { Refusal } from "../model/refusal.js"
import { answerBody, refuseThrown } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { noteVerdict } from "./gateway-verdict.js"
import { originOf } from "./request-origin.js"
import { checkGatewayPeer } from "./trust.js"

/** Answers a gateway that asks whether a request may pass, with any method. No body is read. */
export function serveGateway(context: ServerContext, exchange: Exchange, name: HttpGatewayName): void {
  const untrusted = checkGatewayPeer(context, exchange.request)
  if (untrusted) return refuseGateway(context, exchange, name, untrusted)
  const { response } = exchange
  exchange.route = routeOf(name)
  void context.gateways
    .ask(name, questionOf(exchange), { origin: originOf(exchange), onWait: () => context.work.pause(response) })
    .then((answered) => send(context, exchange, name, answered))
    .catch((thrown: unknown) => refuseThrown(context, exchange, thrown))
}

/** Refuses what a gateway asks, as that gateway understands it. */
export function refuseGateway(context: ServerContext, exchange: Exchange, name: HttpGatewayName, reason: Refusal): void {
  exchange.route = routeOf(name)
  send(context, exchange, name, context.gateways.refuse(name, questionOf(exchange), reason))
}

function send(context: ServerContext, exchange: Exchange, name: HttpGatewayName, { verdict, answer }: Answered): void {
  noteVerdict(context, name, verdict, exchange.requestId)
  const { status, body, headers } = answer
  const isClosing = headers.some(([header]) => header === "Connection") || context.isClosing()
  const isCutOff = !isClosing && name === "nginx" && owesBody(exchange.request)
  answerBody(context, exchange, { status, body, head: [...headers.flat(), ...(isCutOff ? ["Connection", "close"] : [])] })
}

/**
 * NGINX sends no body: when its configuration passes on a `Content-Length` all the same, what comes next on the connection would be taken for one, and
 * that is the question about somebody else's request.
 */
function owesBody({ complete, headers }: IncomingMessage): boolean {
  return !complete && ((headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined)
}

function questionOf({ request: { method = "", url = "", rawHeaders } }: Exchange) {
  return { method, target: url, rawHeaders }
}

function routeOf(name: HttpGatewayName): string {
  return name === "envoy" ? `${envoyPrefix}/{path}` : `/gateway/${name}`
}
