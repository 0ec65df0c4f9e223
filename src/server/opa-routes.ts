import { pathSegments } from "../opa/index.js"
import { drainBody } from "./read-body.js"
import type { Exchange, ServerContext } from "./context.js"
import { dataPrefix, serveBareData, serveData } from "./data-route.js"
import { isSentToPlainPath } from "./plain-path.js"
import { answerNothing, answerOpaError, answerPlain } from "./opa-answer.js"
import { batchPrefix, serveBatch } from "./opa-batch-route.js"
import { serveConfig, serveOpaStatus, servePolicies } from "./opa-info-routes.js"
import { serveDataWrite } from "./opa-write-route.js"

/**
 * Serves OPA's REST API.
 *
 * @param path without the query
 * @param query without `?`
 * @returns false for every path that is not OPA's, and for `/` but `POST`
 */
export function serveOpa(context: ServerContext, exchange: Exchange, path: string, query: string): boolean {
  const { method = "" } = exchange.request
  if (path === "/") return method === "POST" && served(exchange, () => serveBareData(context, exchange, context.opa.defaultDecision(), query))
  if (!path.startsWith("/v1") && !path.startsWith("/v0")) return false
  if ((isAt(path, "/v1") || isAt(path, "/v0")) && isSentToPlainPath(context, exchange)) return true
  if (path.startsWith(dataPrefix) && isAt(path, dataPrefix)) return served(exchange, () => serveV1Data(context, exchange, path, query))
  if (!isAt(path, "/v1") && !isAt(path, "/v0")) return false
  return served(exchange, () => serveRest(context, exchange, path, query))
}

function served(exchange: Exchange, serve: () => void): true {
  exchange.opa = true
  serve()
  return true
}

function serveV1Data(context: ServerContext, exchange: Exchange, path: string, query: string): void {
  const rest = path.slice(dataPrefix.length)
  switch (exchange.request.method) {
    case "POST":
    case "GET":
    case "HEAD":
      return serveData(context, exchange, rest, query)
    case "PUT":
    case "PATCH":
      return serveDataWrite(context, exchange, rest, query)
    case "DELETE":
      return pathSegments(rest).length > 0
        ? serveDataWrite(context, exchange, rest, query)
        : notAllowed(context, exchange, "GET, HEAD, PATCH, POST, PUT")
    default:
      return notAllowed(context, exchange, "DELETE, GET, HEAD, PATCH, POST, PUT")
  }
}

function serveRest(context: ServerContext, exchange: Exchange, path: string, query: string): void {
  const route = routes.find(({ prefix, isExact }) => (isExact ? path === prefix : isAt(path, prefix)))
  if (!route) {
    drainBody(exchange.request)
    context.metrics.failed("not_found")
    return answerPlain(context, exchange, 404, "404 page not found")
  }
  exchange.route = route.prefix
  const { method = "" } = exchange.request
  const serve = route.methods[method === "HEAD" ? "GET" : method]
  if (serve) return serve(context, exchange, path.slice(route.prefix.length), query)
  const allow = Object.keys(route.methods).join(", ")
  if (!route.isPlain) return notAllowed(context, exchange, allow)
  drainBody(exchange.request)
  context.metrics.failed("method_not_allowed")
  answerPlain(context, exchange, 405, "Method Not Allowed", ["Allow", allow])
}

type Serve = (context: ServerContext, exchange: Exchange, rest: string, query: string) => void

interface OpaRoute {
  readonly prefix: string
  /** There is nothing below it. */
  readonly isExact: boolean
  /** Other methods are refused in plain text, and not without a body. */
  readonly isPlain: boolean
  readonly methods: Readonly<Record<string, Serve>>
}

const noQueries = instead(
  "ad-hoc queries need Rego at run time, and the policy here is compiled; make the query a rule, build it as an entrypoint, and ask POST /v1/data/<entrypoint>",
)
const noPartial = instead(
  "partial evaluation needs Rego at run time, and the policy here is compiled; ask POST /v1/data or POST /v1/batch/data, or run OPA with our bundle",
)
const noPolicyWrites = instead(
  "the policy here is compiled; build it with `opa build -t wasm`, and start with the result (serve --policy), or run OPA with our bundle",
)

const routes: readonly OpaRoute[] = [
  { prefix: "/v0/data", isExact: false, isPlain: false, methods: { POST: serveBareData } },
  { prefix: batchPrefix, isExact: false, isPlain: false, methods: { POST: serveBatch } },
  {
    prefix: "/v1/policies",
    isExact: false,
    isPlain: false,
    methods: {
      GET: (context, exchange, rest, query) => void servePolicies(context, exchange, policyId(rest), query),
      PUT: (context, exchange, rest) => (policyId(rest) === "" ? notAllowed(context, exchange, "GET, HEAD") : noPolicyWrites(context, exchange)),
      DELETE: (context, exchange, rest) => (policyId(rest) === "" ? notAllowed(context, exchange, "GET, HEAD") : noPolicyWrites(context, exchange)),
    },
  },
  { prefix: "/v1/query", isExact: false, isPlain: false, methods: { GET: noQueries, POST: noQueries } },
  { prefix: "/v1/compile", isExact: false, isPlain: true, methods: { POST: noPartial, GET: noPartial } },
  { prefix: "/v1/config", isExact: true, isPlain: true, methods: { GET: (context, exchange, _, query) => serveConfig(context, exchange, query) } },
  { prefix: "/v1/status", isExact: true, isPlain: true, methods: { GET: (context, exchange, _, query) => serveOpaStatus(context, exchange, query) } },
]

function instead(message: string): (context: ServerContext, exchange: Exchange) => void {
  return (context, exchange) => {
    drainBody(exchange.request)
    answerOpaError(context, exchange, 400, { code: "invalid_operation", message })
  }
}

function notAllowed(context: ServerContext, exchange: Exchange, allow: string): void {
  drainBody(exchange.request)
  context.metrics.failed("method_not_allowed")
  answerNothing(context, exchange, 405, ["Allow", allow])
}

function policyId(rest: string): string {
  const segments = pathSegments(rest)
  return segments === "malformed" ? rest : segments.join("/")
}

function isAt(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/")
}
