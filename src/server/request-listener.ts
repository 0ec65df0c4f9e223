import { getRequestListener } from "@hono/node-server"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { gatewayAt } from "../gateway/index.js"
import type { Refusal } from "../model/refusal.js"
import { refuse, refuseThrown } from "./answer.js"
import { checkBorder, checkFraming, type BorderRules } from "./border.js"
import type { Exchange, ServerContext } from "./context.js"
import { refuseGateway, serveGateway } from "./gateway-route.js"
import type { App } from "./hono-app.js"
import type { serveHot } from "./hot-routes.js"
import { withConsent } from "./opa-authorization.js"
import { isSentToPlainPath } from "./plain-path.js"
import { closing } from "./refusal.js"
import { requestIdOf } from "./request-id.js"
import { routeTemplates } from "./route-template.js"

/** What stands behind one listener. */
export interface Served {
  readonly app: App
  /** Tried before the app. */
  readonly hot: typeof serveHot
  readonly rules: BorderRules
  readonly newRequestId: () => string
  /** The policy is asked about each request, where it is to be. */
  readonly isMain: boolean
}

/** Border, capacity, then the hot routes, then the app. */
export function requestListener(context: ServerContext, { app, hot, rules, newRequestId, isMain }: Served): RequestListener {
  const cold = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const needsConsent = isMain && context.opa.authorization
  const routeOf = routeTemplates(app.routes.map(({ path }) => path))
  const serve = (exchange: Exchange): void => {
    if (isServedHot(context, hot, exchange)) return
    const { request, response } = exchange
    serveCold(context, routeOf, exchange)
    void cold(request, response).then(() => context.work.answered(response))
  }
  let count = 0
  return (request: IncomingMessage, response: ServerResponse) => {
    const requestId = requestIdOf(request.headers["x-request-id"], newRequestId)
    const exchange: Exchange = { request, response, requestId, number: ++count, startedAt: context.now(), route: "other", opa: false }
    context.work.open(response, request.socket)
    if (response.destroyed) return
    if (context.outdated.has(request.socket)) response.shouldKeepAlive = false
    const gateway = isMain ? gatewayAt(request.url ?? "") : undefined
    const refused = (reason: Refusal): void => (gateway ? refuseGateway(context, exchange, gateway, reason) : refuse(context, exchange, reason))
    if (context.isClosing()) return refused(closing)
    const full = context.work.admit(response, request.socket, isHealth(request.url))
    if (full) return refused(full)
    const strange = gateway ? checkFraming(request) : checkBorder(request, rules)
    if (strange) return refused(strange)
    const serveIt = (): void => (gateway ? serveGateway(context, exchange, gateway) : serve(exchange))
    if (!needsConsent) return serveIt()
    if (gateway || !isSentToPlainPath(context, exchange)) withConsent(context, exchange, serveIt)
  }
}

function isServedHot(context: ServerContext, hot: typeof serveHot, exchange: Exchange): boolean {
  try {
    return hot(context, exchange)
  } catch (thrown) {
    refuseThrown(context, exchange, thrown)
    return true
  }
}

/** Whoever watches this process must hear from it when it is busy, above all. */
function isHealth(target = ""): boolean {
  return target === "/health" || target.startsWith("/health/") || target.startsWith("/health?")
}

function serveCold(context: ServerContext, routeOf: (path: string) => string, { request, response, requestId, startedAt }: Exchange): void {
  const route = routeOf(request.url?.split("?", 1)[0] ?? "")
  response.setHeader("X-Request-ID", requestId)
  response.once("finish", () => context.metrics.answered(route, request.method ?? "", response.statusCode, (context.now() - startedAt) / 1_000))
}
