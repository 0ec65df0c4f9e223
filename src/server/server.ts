import type { Administration } from "../administration/index.js"
import type { AuthenticationOptions, LoginDiscoveryOptions, PeerOptions } from "../authn/index.js"
import type { KnownProcess } from "../fleet/index.js"
import type { GatewayOptions } from "../gateway/index.js"
import type { Timers } from "../model/timers.js"
import type { Pdp, Profile } from "../pdp/pdp.js"
import type { Logger } from "../telemetry/index.js"
import { beginnings } from "./beginnings.js"
import type { ListenAddress } from "./bind.js"
import type { BundleOptions } from "./distribution.js"
import { certificateFiles, type TlsFiles } from "./certificate-files.js"
import type { DecisionLogs, ServerContext } from "./context.js"
import type { ServerLimits } from "./limits.js"
import { assertMayListen, isLocalPlace } from "./listen-rules.js"
import { healthListeners, mainListeners } from "./listeners.js"
import type { OpaOptions } from "./opa-options.js"
import { startGatewayGrpc, type EnvoyGrpcServing, type RunningGrpc } from "./gateway-grpc.js"
import { listen, type Listening } from "./listen.js"
import { healthContext, serverContext } from "./server-context.js"
import { serverSettings } from "./settings.js"
import { stop } from "./stop.js"
import type { SocketPath } from "./unix-socket.js"

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Decides. Who made it closes it, after the server. */
  readonly pdp: Pdp
  /** Serves workspaces, members, role bindings and entities. Absent: role bindings come from a read-only source, and those routes say so. */
  readonly administration?: Administration | undefined
  /** How tokens and principal headers are checked. Default: no issuer, no unsigned tokens. */
  readonly authentication?: AuthenticationOptions | undefined
  /** Where people log in, for `/apis/auth/discovery`. Default: nowhere. */
  readonly discovery?: LoginDiscoveryOptions | undefined
  /** Who may say who asks, beside proof. Default: this machine while nobody else can connect, else nobody. */
  readonly peers?: Pick<PeerOptions, "trustedPeers" | "secrets"> | undefined
  /** How bundles are given out, and to whom. Default: unsigned, to those whom the policy lets. */
  readonly bundles?: BundleOptions | undefined
  /** The decision log: how it fares is told, and it takes those of OPAs (`POST /logs`). Default: there is none. */
  readonly decisionLogs?: DecisionLogs | undefined
  /** How OPA's API is served. Default: reads only, and no authorization but that of peers. */
  readonly opa?: OpaOptions | undefined
  /** How gateways are served (`/gateway/nginx`, `/apis/auth/ext-authz` and their like). */
  readonly gateway?: GatewayOptions | undefined
  /** Serves Envoy over gRPC, at a place of its own. Default: it is not served so. */
  readonly envoyGrpc?: EnvoyGrpcServing | undefined
  /** What an operator should know, in words, for `/status`. Default: nothing. */
  readonly notices?: (() => readonly string[]) | undefined
  /** The other processes on the same database, for `/fleet`. Default: none. */
  readonly processes?: (() => Promise<readonly KnownProcess[]>) | undefined
  /**
   * `{ host: "127.0.0.1", port: 8181 }`; port 0: any free one, see {@link RunningServer.url}. Or `{ path }` of a UNIX domain socket. Addresses beyond
   * loopback need `tls` or `insecureBehindProxy`, and tokens that are verified.
   */
  readonly listen: ListenAddress | SocketPath
  /** Speaks TLS, 1.2 or newer, with these files, which are read again when they change. */
  readonly tls?: TlsFiles | undefined
  /** A proxy in front speaks TLS, and nobody else reaches this port: plain HTTP beyond loopback, and nobody is believed for coming from this machine. Default false. */
  readonly insecureBehindProxy?: boolean | undefined
  /** A second listener with health and metrics only, in plain HTTP, for whoever can connect. */
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
  /** Time, randomness and surroundings, for tests. */
  readonly hooks?: ServerHooks
}

/** What the server takes from its surroundings. */
export interface ServerHooks {
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
  readonly newRequestId?: () => string
  /** Which addresses never leave this machine. */
  readonly isLoopback?: (host: string) => boolean
  readonly timers?: Timers
}

/** A sidecar that serves. */
export interface RunningServer {
  /** For example `http://127.0.0.1:8181`, or `unix:/run/portcullis.sock`. */
  readonly url: string
  readonly healthUrl?: string
  /** For example `grpc://127.0.0.1:9191`. */
  readonly envoyGrpcUrl?: string
  /** Lets requests in work finish, refuses new ones and those that come too slowly, and cuts off what is left after `graceMs` (default 10,000). */
  close(graceMs?: number): Promise<void>
}

/**
 * Starts the sidecar.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is unknown or wrong, when a place to listen cannot be bound or must not be as things are
 * configured, and when a certificate, its key or a CA cannot be read
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const settings = serverSettings(options)
  const { limits, logger, isLoopback } = settings
  const isLocal = isLocalPlace(options, isLoopback)
  assertMayListen(options, isLocal)
  let stopping = false
  let grpc: RunningGrpc | undefined
  const context = serverContext(options, settings, { isLocal, isClosing: () => stopping, envoyGrpc: () => grpc?.status() })
  const { tls, healthListen, hooks } = options
  const onProblem = (err: Error): void => logger.error({ err }, "the certificates from before stay in use")
  const certificates = tls && certificateFiles(tls, { onProblem, timers: hooks?.timers })
  const { begin } = beginnings(async () => {
    certificates?.close()
    await context.distribution.close()
  })
  const cutOff = (listening: Listening): Promise<void> => stop(listening, { responses: () => [] }, { deadlineMs: 0, graceMs: 0 })
  const onNewClientCas = context.outdated.add
  const main = await begin(
    listen({ place: options.listen, limits, isLoopback, certificates, onNewClientCas }, mainListeners(context, settings)),
    cutOff,
  )
  const listenBeside = async (place: ListenAddress): Promise<Listening> => {
    const beside = healthContext(context, options, isLoopback(place.host))
    return listen({ place, limits, isLoopback }, healthListeners(beside, settings))
  }
  const second = healthListen && (await begin(listenBeside(healthListen), cutOff))
  if (options.envoyGrpc) grpc = await begin(startGatewayGrpc(options.envoyGrpc, options, settings, context, certificates), ({ close }) => close(0))
  const deadlineMs = limits.requestSeconds * 1_000
  const stopWatching = watchRefreshes(context)
  void context.fetchKeys()

  return {
    url: main.url,
    ...(second && { healthUrl: second.url }),
    ...(grpc && { envoyGrpcUrl: grpc.url }),
    async close(graceMs = 10_000) {
      stopping = true
      stopWatching()
      certificates?.close()
      context.distribution.release()
      await Promise.all([stop(main, context.work, { deadlineMs, graceMs }), grpc?.close(graceMs)])
      if (second) await stop(second, context.work, { deadlineMs, graceMs: 0 })
      await context.distribution.close()
    },
  }
}

function watchRefreshes({ pdp, metrics }: ServerContext): () => void {
  const stops = [pdp.on("activation", () => metrics.refreshed("activation")), pdp.on("refreshFailure", () => metrics.refreshed("failure"))]
  return () => stops.forEach((end) => end())
}
