import { matchesEntityTag, type BundleBuilder } from "../bundle/index.js"
import type { ServerContext } from "./context.js"
import { goneSignal } from "./gone.js"
import type { AppContext } from "./hono-app.js"

/**
 * The bundle for stock OPAs; 304 when the caller has it already.
 *
 * @throws {PdpError} `ERR_PDP_NOT_READY`, and what `atLeast` and building throw
 */
export async function bundle(context: ServerContext, bundles: BundleBuilder, c: AppContext): Promise<Response> {
  const wanted = c.req.header("X-Portcullis-At-Least")
  if (wanted !== undefined) await context.atLeast(wanted, { timeoutMs: context.limits.atLeastSeconds * 1_000, signal: goneSignal(c.env.outgoing) })
  const { revision, etag, bytes } = await bundles.current()
  const cached = {
    ETag: etag,
    "Cache-Control": `max-age=${Math.floor(context.bundleCacheSeconds)}, must-revalidate`,
    "X-Portcullis-Revision": revision,
  }
  if (matchesEntityTag(c.req.header("If-None-Match"), etag)) return new Response(null, { status: 304, headers: cached })
  const name = c.req.path.slice(c.req.path.lastIndexOf("/") + 1)
  const file = { "Content-Type": "application/gzip", "Content-Length": String(bytes.length), "Content-Disposition": `attachment; filename=${name}` }
  return new Response(bytes, { headers: { ...cached, ...file } })
}
