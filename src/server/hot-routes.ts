import type { Exchange, ServerContext } from "./context.js"
import { dataPrefix, serveData } from "./data-route.js"
import { pdpPrefix, servePdp } from "./pdp-route.js"

/**
 * Serves the decisions, straight on node:http: the PDP API and OPA's data API.
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
  if (path !== dataPrefix && !path.startsWith(`${dataPrefix}/`)) return false
  if (method !== "POST" && method !== "GET" && method !== "HEAD") return false
  exchange.opa = true
  serveData(context, exchange, path.slice(dataPrefix.length), new URLSearchParams(queryAt < 0 ? "" : url.slice(queryAt + 1)))
  return true
}
