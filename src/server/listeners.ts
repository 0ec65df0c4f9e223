import { createApp, createHealthApp } from "./app.js"
import type { BorderRules } from "./border.js"
import type { ServerContext } from "./context.js"
import { serveHot } from "./hot-routes.js"
import type { Listeners } from "./listen.js"
import { requestListener, type Served } from "./request-listener.js"
import type { ServerSettings } from "./settings.js"

/** What serves everything. */
export function mainListeners(context: ServerContext, settings: ServerSettings): Listeners {
  return listenersOf(context, {
    app: createApp(context),
    hot: serveHot,
    rules: borderRules(settings),
    newRequestId: settings.newRequestId,
    isMain: true,
  })
}

/** What serves health and metrics only. Whoever scrapes them beyond loopback comes by whatever name. */
export function healthListeners(context: ServerContext, settings: ServerSettings): Listeners {
  const rules = borderRules(settings)
  return listenersOf(context, {
    app: createHealthApp(context),
    hot: () => false,
    rules: context.isLocal ? rules : { ...rules, allowedHosts: "any" },
    newRequestId: settings.newRequestId,
    isMain: false,
  })
}

function listenersOf(context: ServerContext, served: Served): Listeners {
  return {
    onRequest: requestListener(context, served),
    onBroken: ({ code, status }) => {
      context.metrics.failed(code)
      context.metrics.answered("other", "other", status, 0)
    },
  }
}

function borderRules({ allowedHosts, allowedOrigins }: ServerSettings): BorderRules {
  return { allowedHosts: new Set(allowedHosts.map((host) => host.toLowerCase())), allowedOrigins: new Set(allowedOrigins) }
}
