import { Hono } from "hono"
import { bundleBuilder } from "../bundle/index.js"
import { opaErrorText } from "../opa/index.js"
import { addAdministration } from "./administration-app.js"
import { bundle } from "./bundle-route.js"
import type { ServerContext } from "./context.js"
import { dataPrefix } from "./data-route.js"
import type { App, AppContext } from "./hono-app.js"
import { errorJson, json } from "./json.js"
import { addIdentityRoutes } from "./identity-routes.js"
import { openApi } from "./openapi.js"
import { pdpPrefix } from "./pdp-route.js"
import { refusal, refusalOf } from "../model/refusal.js"
import { checkPeer, checkUnforwarded } from "./trust.js"
import { health, live, metrics, ready, status } from "./status-routes.js"
import { wrongMethod } from "./wrong-method.js"

type Answer = (c: AppContext) => Response | Promise<Response>
type Routes = Readonly<Record<string, Answer>>
/** Everybody on this machine, trusted peers, or whoever can connect. */
type Reach = keyof typeof checks

const checks = { machine: checkUnforwarded, peers: checkPeer, anybody: () => undefined } as const

/** Every route but the decisions: what answers `GET` (and `HEAD`), and who else answers what. */
export function createApp(context: ServerContext): App {
  const bundles = bundleBuilder(context.pdp)
  const snapshot: Answer = (c) => bundle(context, bundles, c)
  const reach = context.isLocal ? "machine" : "peers"
  const app = appOf(context, "/openapi.json lists what is", {
    ...healthRoutes(context, reach),
    "/status": within(reach, context, () => status(context)),
    "/openapi.json": () => json(200, openApi(context.version, context.administration !== undefined)),
    "/bundles/authz.tar.gz": snapshot,
    "/apis/auth/v2/iam/opa-bundle.tar.gz": snapshot,
    "/internal/iam/opa-bundle.tar.gz": snapshot,
  })
  addIdentityRoutes(context, app)
  addAdministration(context, app)
  app.all(`${pdpPrefix}:entrypoint`, (c) => wrongMethod(context, c, "POST"))
  app.on(["PUT", "PATCH"], dataPrefix, refuseWrite)
  app.on(["PUT", "PATCH", "DELETE"], `${dataPrefix}/:path{.+}`, refuseWrite)
  for (const path of [dataPrefix, `${dataPrefix}/*`]) {
    app.all(path, () => new Response(null, { status: 405, headers: { Allow: "GET, HEAD, POST", "Content-Length": "0" } }))
  }
  for (const path of ["/v0/*", "/v1/*"]) app.all(path, opaNotFound)
  return app
}

/** Health and metrics only, for a second listener. Beyond loopback it is there for whoever can get to it. */
export function createHealthApp(context: ServerContext): App {
  const routes = healthRoutes(context, context.isLocal ? "machine" : "anybody")
  return appOf(context, `here are ${Object.keys(routes).join(", ")}`, routes)
}

function healthRoutes(context: ServerContext, reach: Reach): Routes {
  return {
    "/health": (c) => health(context, c),
    "/health/live": live,
    "/health/ready": () => ready(context),
    "/metrics": within(reach, context, () => metrics(context)),
  }
}

/** Answers those whom it is for: what is wrong with files and sources is not for everybody. */
function within(reach: Reach, context: ServerContext, answer: Answer): Answer {
  const check = checks[reach]
  return (c) => {
    const refused = check(context, c.env.incoming)
    if (!refused) return answer(c)
    context.metrics.failed(refused.code)
    return errorJson(refused)
  }
}

/** @param hint where to look for what there is */
function appOf(context: ServerContext, hint: string, routes: Routes): App {
  const app: App = new Hono()
  for (const [path, answer] of Object.entries(routes)) {
    app.get(path, answer)
    app.all(path, (c) => wrongMethod(context, c, "GET, HEAD"))
  }
  app.notFound((c) => {
    context.metrics.failed("not_found")
    return errorJson(refusal(404, "not_found", `there is nothing at ${c.req.path.slice(0, 128)}; ${hint}`))
  })
  app.onError((thrown, c) => {
    const reason = refusalOf(thrown)
    context.metrics.failed(reason.code)
    if (reason.status === 500) context.logger.error({ err: thrown, route: c.req.path.slice(0, 128) }, "request failed")
    return errorJson(reason)
  })
  return app
}

function refuseWrite(): Response {
  return opaError(400, opaErrorText("invalid_parameter", "data is read-only here: role bindings and authorization data change at their sources"))
}

function opaError(code: number, text: string): Response {
  return new Response(text, { status: code, headers: { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)) } })
}

function opaNotFound(): Response {
  return new Response("404 page not found\n", { status: 404, headers: { "Content-Type": "text/plain; charset=utf-8", "Content-Length": "19" } })
}
