import type { Context } from "hono"
import { queryFlag } from "../opa/index.js"
import type { PdpStatus } from "../pdp/pdp.js"
import type { ServerContext } from "./context.js"
import { errorJson, json } from "./json.js"
import { pluginsOf } from "./opa-info-routes.js"
import { refusal } from "../model/refusal.js"

/** OPA's health contract: 200 `{}`, or 500 with an error. `?bundles` and `?plugins` ask for data to decide on, too. */
export function health(context: ServerContext, c: Context): Response {
  const query = new URL(c.req.url).searchParams
  if (context.isClosing()) return json(500, { error: "unable to perform evaluation" })
  if (context.pdp.status().ready) return json(200, {})
  if (queryFlag(query, "bundles") || queryFlag(query, "bundle")) return json(500, { error: "one or more bundles are not activated" })
  const isAsked = queryFlag(query, "plugins") && !query.getAll("exclude-plugin").includes("bundle")
  return isAsked ? json(500, { error: "one or more plugins are not up" }) : json(200, {})
}

/**
 * OPA's contract for `/health/{rule}`: 200 when the rule of `system.health` in the policy is true, else 500 with an error. Its input says how the
 * process is: `plugins_ready` and `plugin_state`.
 */
export function healthRule(context: ServerContext, c: Context): Response {
  const segments = c.req.path.split("/").slice(2)
  const name = ["data", "system", "health", ...segments].join(".").slice(0, 128)
  const entrypoint = `system/health/${segments.join("/")}`
  if (context.isClosing()) return json(500, { error: "unable to perform evaluation" })
  if (!context.opa.has(entrypoint)) {
    if (context.opa.isCustom()) return json(500, { error: `health check (${name}) was undefined` })
    context.metrics.failed("not_found")
    return errorJson(refusal(404, "not_found", `there is nothing at ${c.req.path.slice(0, 128)}; /health, /health/live and /health/ready are`))
  }
  const { ready: isReady } = context.pdp.status()
  const states = Object.entries(pluginsOf(context)).map(([plugin, { state }]): readonly [string, string] => [plugin, state])
  const result = context.pdp.evaluate(entrypoint, { plugins_ready: isReady, plugin_state: Object.fromEntries(states) })
  if (result === true) return json(200, {})
  return json(500, { error: `health check (${name}) ${result === undefined ? "was undefined" : "returned unexpected value"}` })
}

/** 200 while the process runs. */
export function live(): Response {
  return json(200, { live: true })
}

/** 200 when decisions can be made; 503 before the first data, and while the process stops. */
export function ready(context: ServerContext): Response {
  const able = !context.isClosing() && context.pdp.status().ready
  return json(able ? 200 : 503, { ready: able })
}

/** How the PDP is: `pdp.status()`, our version, the issuers of tokens, the decision log, where Envoy is served over gRPC, and what an operator should know. */
export function status(context: ServerContext): Response {
  const facts: PdpStatus = context.pdp.status()
  const notices = context.notices()
  const issuers = context.issuers()
  const decisionLog = context.decisionLogs?.status()
  const envoyGrpc = context.envoyGrpc()
  const headers: Record<string, string> = facts.revision === undefined ? {} : { "X-Portcullis-Revision": facts.revision }
  const more = {
    ...(issuers.length > 0 && { issuers }),
    ...(decisionLog && { decisionLog }),
    ...(envoyGrpc && { envoyGrpc }),
    ...(notices.length > 0 && { notices }),
  }
  return json(200, { version: context.version, ...facts, ...more }, headers)
}

/** Prometheus' text format. */
export async function metrics({ metrics }: ServerContext): Promise<Response> {
  const text = await metrics.text()
  return new Response(text, { headers: { "Content-Type": metrics.contentType, "Content-Length": String(Buffer.byteLength(text)) } })
}
