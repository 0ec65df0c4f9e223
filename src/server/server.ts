import { getRequestListener } from "@hono/node-server"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Administration } from "../administration/index.js"
import { authentication } from "../authn/index.js"
import { parseRevision } from "../model/revision.js"
import type { Pdp, Profile } from "../pdp/pdp.js"
import { createMetrics, type DataReading, type Logger } from "../telemetry/index.js"
import { refuse } from "./answer.js"
import { createApp, createHealthApp } from "./app.js"
import { checkBorder } from "./border.js"
import type { Exchange, ServerContext } from "./context.js"
import type { App } from "./hono-app.js"
import { routeTemplates } from "./route-template.js"
import { serveHot } from "./hot-routes.js"
import type { ServerLimits } from "./limits.js"
import { listen, type ListenAddress, type Listeners, type Listening } from "./listen.js"
import { closing } from "./refusal.js"
import { requestIdOf, requestIds } from "./request-id.js"
import { serverSettings } from "./settings.js"
import { stop } from "./stop.js"
import { fairWaiting } from "./waiting.js"
import { openWork } from "./work.js"

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Decides. Who made it closes it, after the server. */
  readonly pdp: Pdp
  /** Serves workspaces, members, role bindings and entities. Absent: role bindings come from a read-only source, and those routes say so. */
  readonly administration?: Administration | undefined
  /** Believe unsigned JWTs (`alg: none`) of callers on this machine. Default false. */
  readonly allowUnsignedJwt?: boolean
  /** What an operator should know, in words, for `/status`. Default: nothing. */
  readonly notices?: (() => readonly string[]) | undefined
  /** A loopback address: `{ host: "127.0.0.1", port: 8181 }`. Port 0: any free one, see {@link RunningServer.url}. */
  readonly listen: ListenAddress
  /** A second listener with health and metrics only. */
  readonly healthListen?: ListenAddress
  /** A pino logger, such as `createLogger()`. Default: nothing is logged. */
  readonly logger?: Logger | undefined
  /** Caps on what callers may send; defaults: see {@link ServerLimits}. */
  readonly limits?: Partial<ServerLimits> | undefined
  /** Values of `Host` that are ours beside loopback literals and `localhost`; names without or with port. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Values of `Origin` that may call. Default: none, no web page may. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** Whose rules for callers hold. Default: the profile of the PDP; `hardened` for a policy of your own. */
  readonly profile?: Profile | undefined
  /** `max-age` of bundles, in seconds. Default 5. */
  readonly bundleCacheSeconds?: number | undefined
  /** For `/status` and `/openapi.json`. Default: of this package. */
  readonly version?: string | undefined
  /** Time and randomness, for tests. */
  readonly hooks?: { readonly now?: () => number; readonly newRequestId?: () => string }
}

/** A sidecar that serves. */
export interface RunningServer {
  /** For example `http://127.0.0.1:8181`. */
  readonly url: string
  readonly healthUrl?: string
  /** Lets requests in work finish, refuses new ones and those that come too slowly, and cuts off what is left after `graceMs` (default 10,000). */
  close(graceMs?: number): Promise<void>
}

/**
 * Starts the sidecar.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is unknown or wrong, and when an address is not loopback or cannot be bound
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const settings = serverSettings(options)
  const { pdp, hooks } = options
  let stopping = false
  const context: ServerContext = {
    pdp,
    administration: options.administration,
    notices: options.notices ?? (() => []),
    work: openWork(settings.limits),
    atLeast: fairWaiting(pdp, settings.limits),
    authenticate: authentication({ allowUnsignedJwt: options.allowUnsignedJwt }),
    profile: settings.profile,
    rules: { allowedHosts: new Set(settings.allowedHosts.map((host) => host.toLowerCase())), allowedOrigins: new Set(settings.allowedOrigins) },
    limits: settings.limits,
    logger: settings.logger,
    metrics: createMetrics(() => dataReading(pdp)),
    bundleCacheSeconds: settings.bundleCacheSeconds,
    version: settings.version,
    now: hooks?.now ?? (() => performance.now()),
    isClosing: () => stopping,
  }
  const onBroken: Listeners["onBroken"] = ({ code, status }) => {
    context.metrics.failed(code)
    context.metrics.answered("other", "other", status, 0)
  }
  const serve = (app: App, hot: typeof serveHot): Listeners => ({
    onRequest: requestListener(context, app, hot, hooks?.newRequestId ?? requestIds()),
    onBroken,
  })
  const main = await listen(options.listen, context.limits, serve(createApp(context), serveHot))
  const second =
    options.healthListen &&
    (await listenBeside(
      main,
      options.healthListen,
      context,
      serve(createHealthApp(context), () => false),
    ))
  const deadlineMs = context.limits.requestSeconds * 1_000
  const stopWatching = watchRefreshes(context)

  return {
    url: main.url,
    ...(second && { healthUrl: second.url }),
    async close(graceMs = 10_000) {
      stopping = true
      stopWatching()
      await stop(main, context.work, { deadlineMs, graceMs })
      if (second) await stop(second, context.work, { deadlineMs, graceMs: 0 })
    },
  }
}

/** Border, capacity, then the hot routes, then the app. */
function requestListener(context: ServerContext, app: App, hot: typeof serveHot, newRequestId: () => string) {
  const cold = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const routeOf = routeTemplates(app.routes.map(({ path }) => path))
  return (request: IncomingMessage, response: ServerResponse) => {
    const requestId = requestIdOf(request.headers["x-request-id"], newRequestId)
    const exchange: Exchange = { request, response, requestId, startedAt: context.now(), route: "other", opa: false }
    context.work.open(response, request.socket)
    if (response.destroyed) return
    if (context.isClosing()) return refuse(context, exchange, closing)
    const full = context.work.admit(response, request.socket, isHealth(request.url))
    if (full) return refuse(context, exchange, full)
    const strange = checkBorder(request, context.rules)
    if (strange) return refuse(context, exchange, strange)
    if (hot(context, exchange)) return
    serveCold(context, routeOf, exchange)
    void cold(request, response).then(() => context.work.answered(response))
  }
}

/** Whoever watches this process must hear from it when it is busy, above all. */
function isHealth(target = ""): boolean {
  return target === "/health" || target.startsWith("/health/") || target.startsWith("/health?")
}

function serveCold(context: ServerContext, routeOf: (path: string) => string, { request, response, requestId, startedAt }: Exchange): void {
  const route = routeOf(request.url?.split("?", 1)[0] ?? "")
  response.setHeader("X-Request-ID", requestId)
  response.once("finish", () => context.metrics.answered(route, request.method ?? "", response.statusCode, (context.now() - startedAt) / 1_000))
}

async function listenBeside(main: Listening, address: ListenAddress, context: ServerContext, listeners: Listeners): Promise<Listening> {
  try {
    return await listen(address, context.limits, listeners)
  } catch (thrown) {
    await stop(main, { responses: () => [] }, { deadlineMs: 0, graceMs: 0 })
    throw thrown
  }
}

function watchRefreshes({ pdp, metrics }: ServerContext): () => void {
  const stops = [pdp.on("activation", () => metrics.refreshed("activation")), pdp.on("refreshFailure", () => metrics.refreshed("failure"))]
  return () => stops.forEach((end) => end())
}

function dataReading(pdp: Pdp): DataReading {
  const { bindings, unknownRoles, revision, sources } = pdp.status()
  const ages = sources.flatMap(({ name, ageSeconds }) => (ageSeconds === undefined ? [] : [{ source: name, seconds: ageSeconds }]))
  return {
    bindings,
    bindingsOfUnknownRoles: unknownRoles.bindings,
    ages,
    ...(revision !== undefined && { revisionSequence: parseRevision(revision).sequence }),
  }
}
