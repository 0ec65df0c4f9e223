import type { Exchange, ServerContext } from "./context.js"
import { serveOpa } from "./opa-routes.js"
import { bundleNameAt } from "./bundle-request.js"
import { serveBundle } from "./bundle-route.js"
import { pdpPrefix, servePdp } from "./pdp-route.js"
import { logsPath, serveLogs } from "./logs-route.js"
import { serveReport, statusPath } from "./report-route.js"

/**
 * Serves the decisions, straight on node:http: the PDP API and OPA's REST API; and what OPAs ask for and send all the time.
 *
 * @returns false for every other route, which is the app's
 */
export function serveHot(context: ServerContext, exchange: Exchange): boolean {
  const { method, url = "" } = exchange.request
  const queryAt = url.indexOf("?")
  const path = queryAt < 0 ? url : url.slice(0, queryAt)
  if (path.startsWith(pdpPrefix)) {
    if (method !== "POST") return false
    servePdp(context, exchange, path.slice(pdpPrefix.length))
    return true
  }
  if (isServedToOpas(context, exchange, path)) return true
  return serveOpa(context, exchange, path, queryAt < 0 ? "" : url.slice(queryAt + 1))
}

function isServedToOpas(context: ServerContext, exchange: Exchange, path: string): boolean {
  const { method } = exchange.request
  if (method === "POST" && (path === logsPath || path.startsWith(`${logsPath}/`))) {
    serveLogs(context, exchange, path)
    return true
  }
  if (method === "POST" && (path === statusPath || path.startsWith(`${statusPath}/`))) {
    serveReport(context, exchange)
    return true
  }
  const name = method === "GET" || method === "HEAD" ? bundleNameAt(path) : undefined
  if (name === undefined) return false
  serveBundle(context, exchange, name)
  return true
}
