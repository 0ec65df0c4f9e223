import { matchesEntityTag, type BundleBuilder } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { refusedResponse } from "./administration-refusal.js"
import type { ServerContext } from "./context.js"
import { goneSignal } from "./gone.js"
import type { AppContext } from "./hono-app.js"
import { errorJson } from "./json.js"
import { checkPeer, credentialsOf } from "./trust.js"
import { assertMayFetchBundles } from "./bundle-right.js"

/**
 * The bundle for stock OPAs, for who holds `iam.bundle.read`; 304 when the caller has it already. The right is asked again once all waiting is over.
 * Where there are no roles to give such a right (a policy of your own), it is for trusted peers.
 */
export async function bundle(context: ServerContext, bundles: BundleBuilder, c: AppContext): Promise<Response> {
  const untrusted = hasRoles(context) ? undefined : checkPeer(context, c.env.incoming)
  if (untrusted) {
    context.metrics.failed(untrusted.code)
    return errorJson(untrusted)
  }
  try {
    await assertRight(context, c)
    await reached(context, c)
    const current = await bundles.current()
    await assertRight(context, c)
    return answered(context, current, c)
  } catch (thrown) {
    return refusedResponse(context, c.req.path, c, thrown)
  }
}

function hasRoles({ pdp }: ServerContext): boolean {
  const { profile, authorizationData, ready } = pdp.status()
  return profile !== "custom" && (!ready || authorizationData.roles > 0)
}

/** @throws {PdpError} unless the caller may fetch the bundle now */
async function assertRight(context: ServerContext, c: AppContext): Promise<void> {
  if (!hasRoles(context)) return
  const { principal, proof } = await context.authenticate(credentialsOf(context, c.env))
  if (proof === "none")
    throw new PdpError("ERR_UNAUTHENTICATED", `bundles hold every role binding; ${credentialsRemedy(context)}`, { reason: "no_credentials" })
  assertMayFetchBundles(context.pdp, principal)
}

function credentialsRemedy({ headerPrefix }: ServerContext): string {
  return `send a bearer token, or ${headerPrefix}Principal-Id from a trusted peer (in OPA's configuration: services.<name>.headers or .credentials.bearer)`
}

async function reached(context: ServerContext, c: AppContext): Promise<void> {
  const wanted = c.req.header("X-Portcullis-At-Least")
  if (wanted === undefined) return
  const timeoutMs = context.trustOf(c.env.incoming) === "none" ? 0 : context.limits.atLeastSeconds * 1_000
  await context.atLeast(wanted, { timeoutMs, signal: goneSignal(c.env.outgoing) })
}

function answered(context: ServerContext, { revision, etag, bytes }: Awaited<ReturnType<BundleBuilder["current"]>>, c: AppContext): Response {
  const cached = {
    ETag: etag,
    "Cache-Control": `private, max-age=${Math.floor(context.bundleCacheSeconds)}, must-revalidate`,
    "X-Portcullis-Revision": revision,
  }
  if (matchesEntityTag(c.req.header("If-None-Match"), etag)) return new Response(null, { status: 304, headers: cached })
  const name = c.req.path.slice(c.req.path.lastIndexOf("/") + 1)
  const file = { "Content-Type": "application/gzip", "Content-Length": String(bytes.length), "Content-Disposition": `attachment; filename=${name}` }
  return new Response(bytes, { headers: { ...cached, ...file } })
}
