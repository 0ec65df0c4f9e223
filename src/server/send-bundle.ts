import type { BundleRequest } from "./bundle-request.js"
import type { Exchange, ServerContext } from "./context.js"
import type { ServedBundle } from "./served-bundles.js"
import { writePaced } from "./write-paced.js"

/** Says that the caller has it. */
export function sendUnchanged(context: ServerContext, exchange: Exchange, served: ServedBundle): void {
  send(context, exchange, 304, cachedHeaders(context, served, false))
}

/** Sends a bundle. The content type tells an OPA that it may poll long, so it must be exactly this one for who wants to. */
export function sendBundle(
  context: ServerContext,
  exchange: Exchange,
  name: string,
  { pollsLong }: BundleRequest,
  served: ServedBundle & { readonly isDelta: boolean },
): void {
  const { bytes } = served.bundle
  const file = exchange.route.endsWith(".tar.gz") ? exchange.route.slice(exchange.route.lastIndexOf("/") + 1) : `${name}.tar.gz`
  const head = [
    ...cachedHeaders(context, served, served.isDelta),
    ...["Content-Type", pollsLong ? "application/vnd.openpolicyagent.bundles" : "application/gzip"],
    ...["Content-Length", String(bytes.length), "Content-Disposition", `attachment; filename=${file}`],
  ]
  send(context, exchange, 200, head, bytes)
}

/** A delta is no representation of the bundle that a cache could keep under its tag. */
function cachedHeaders({ bundleCacheSeconds }: ServerContext, { bundle, isStale }: ServedBundle, isDelta: boolean): readonly string[] {
  const lifetime = isDelta ? "no-store" : `private, max-age=${Math.floor(bundleCacheSeconds)}, must-revalidate`
  const stale = isStale ? ["Warning", '111 portcullis "Revalidation Failed"'] : []
  return ["ETag", bundle.etag, "Cache-Control", lifetime, "X-Portcullis-Revision", bundle.revision, ...stale]
}

function send(
  context: ServerContext,
  { request, response, requestId, route, startedAt }: Exchange,
  status: number,
  head: readonly string[],
  body?: Buffer,
): void {
  if (response.headersSent || response.destroyed) return
  const closing = context.isClosing() ? ["Connection", "close"] : []
  response.writeHead(status, ["X-Request-ID", requestId, ...closing, ...head])
  if (body && request.method !== "HEAD") writePaced(response, body)
  else response.end()
  context.work.answered(response)
  response.once("close", () => context.metrics.answered(route, request.method ?? "", status, (context.now() - startedAt) / 1_000))
}
