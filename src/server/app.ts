import { Hono } from "hono"
import { addAdministration } from "./administration-app.js"
import { bundleRoutes } from "./bundle-request.js"
import type { ServerContext } from "./context.js"
import { fleet, fleetPath } from "./fleet-route.js"
import type { App, AppContext } from "./hono-app.js"
import { errorJson, json } from "./json.js"
import { addIdentityRoutes } from "./identity-routes.js"
import { openApi } from "./openapi.js"
import { pdpPrefix } from "./pdp-route.js"
import { logsPath } from "./logs-route.js"
import { statusPath } from "./report-route.js"
import { honoPath } from "./route-template.js"
import { refusal, refusalOf } from "../model/refusal.js"
import { checkPeer, checkUnforwarded } from "./trust.js"
import { health, healthRule, live, metrics, ready, status } from "./status-routes.js"
import { wrongMethod } from "./wrong-method.js"

type Answer = (c: AppContext) => Response | Promise<Response>
type Routes = Readonly<Record<string, Answer>>
/** Everybody on this machine, trusted peers, or whoever can connect. */
type Reach = keyof typeof checks

const checks = { machine: checkUnforwarded, peers: checkPeer, anybody: () => undefined } as const

/** All but those that fetch. */
const otherMethods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

/** Every route but the decisions: what answers `GET` (and `HEAD`), and who else answers what. */
export function createApp(context: ServerContext): App {
  const reach = context.isLocal ? "machine" : "peers"
  const app = appOf(context, "/openapi.json lists what is", {
    ...healthRoutes(context, reach),
    "/status": within(reach, context, () => status(context)),
    "/openapi.json": () => json(200, openApi(context.version, context.administration !== undefined)),
    [fleetPath]: (c) => fleet(context, c),
  })
  for (const path of [logsPath, `${logsPath}/:partition`]) app.all(path, (c) => wrongMethod(context, c, "POST"))
  app.all(`${statusPath}/:partition`, (c) => wrongMethod(context, c, "POST"))
  for (const path of bundleRoutes) app.on(otherMethods, honoPath(path), (c) => wrongMethod(context, c, "GET, HEAD"))
  addIdentityRoutes(context, app)
  addAdministration(context, app)
  app.all(`${pdpPrefix}:entrypoint`, (c) => wrongMethod(context, c, "POST"))
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
    "/health/live": (c) => (context.opa.has("system/health/live") ? healthRule(context, c) : live()),
    "/health/ready": (c) => (context.opa.has("system/health/ready") ? healthRule(context, c) : ready(context)),
    "/health/:rule{.+}": (c) => healthRule(context, c),
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
    app.all(path, (c) => wrongMethod(context, c, path === statusPath ? "GET, HEAD, POST" : "GET, HEAD"))
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
