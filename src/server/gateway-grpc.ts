import { PdpError } from "../errors.js"
import { envoyGrpc } from "../gateway/index.js"
import type { ListenAddress } from "./bind.js"
import type { ServerCertificates } from "./certificate-files.js"
import type { ServerContext } from "./context.js"
import { grpcCalls, type ConnectionInfo, type GrpcCallers } from "./gateway-grpc-calls.js"
import { listenGrpc, type GrpcListening } from "./gateway-grpc-listen.js"
import { addGrpcMethods, isHealthCheck, untrustedCaller } from "./gateway-grpc-methods.js"
import { assertMayListen, isLocalPlace } from "./listen-rules.js"
import { gatewayTrustAt } from "./server-context.js"
import type { ServerOptions } from "./server.js"
import type { ServerSettings } from "./settings.js"
import type { SocketPath } from "./unix-socket.js"

/** How Envoy is served over gRPC. */
export interface EnvoyGrpcServing {
  /** As the `listen` of the server, with the same rules. */
  readonly listen: ListenAddress | SocketPath
  /** What a policy of one's own is asked, as by the OPA-Envoy plugin. Default `envoy/authz/allow`. */
  readonly entrypoint?: string | undefined
}

/** Where Envoy is served, and by what. */
export interface EnvoyGrpcStatus {
  /** For example `grpc://127.0.0.1:9191`. */
  readonly url: string
  /** What decides: `authz/allow`, or the entrypoint of a policy of one's own. */
  readonly entrypoint: string
}

/** Envoy, served over gRPC. */
export interface RunningGrpc extends Pick<GrpcListening, "url" | "close"> {
  readonly status: () => EnvoyGrpcStatus
}

/**
 * Serves `envoy.service.auth.v3.Authorization/Check` to gateways, and `grpc.health.v1.Health/Check` to whoever can connect. Any other method is
 * `UNIMPLEMENTED`.
 *
 * A message may have 4 MiB, and so many calls are in work as requests of HTTP may be. What is denied is answered; an error of gRPC is a fault of
 * ours: `UNAVAILABLE` while there is nothing to decide on, `RESOURCE_EXHAUSTED` under too much load, else `INTERNAL`.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it must not or cannot listen there, and when the policy of one's own has no such entrypoint
 */
export async function startGatewayGrpc(
  serving: EnvoyGrpcServing,
  options: ServerOptions,
  settings: ServerSettings,
  context: ServerContext,
  certificates: ServerCertificates | undefined,
): Promise<RunningGrpc> {
  const { listen, entrypoint = "envoy/authz/allow" } = serving
  const { limits, isLoopback } = settings
  const isUnix = "path" in listen
  const place = { ...options, listen, tls: isUnix ? undefined : options.tls }
  const isLocal = isLocalPlace(place, isLoopback)
  assertMayListen(place, isLocal)
  const ownEntrypoint = (): string | undefined => {
    const { isCustom, has } = context.opa
    return isCustom() && (has(entrypoint) || !has(ourEntrypoint)) ? entrypoint : undefined
  }
  assertDecides(context, ownEntrypoint())
  const { Server, ServerCredentials, ServerInterceptingCall, status } = await import("@grpc/grpc-js")
  let listening: GrpcListening | undefined
  const gatewayTrustOf = gatewayTrustAt({ ...options.peers, isOutdated: context.outdated.has, localByDefault: isLocal }, isUnix)
  const peers = { gatewayTrustOf, isUnix, socketOf: (info: ConnectionInfo) => listening?.socketOf(info) }
  const callers: GrpcCallers = { isFree: isHealthCheck, untrusted: (metadata, connection) => untrustedCaller(peers, metadata, connection) }
  const calls = grpcCalls({ ServerInterceptingCall, status }, limits, callers, context.now)
  const grpc = new Server({
    interceptors: [calls.interceptor],
    "grpc.enable_channelz": 0,
    "grpc.max_receive_message_length": mostMessageBytes,
    "grpc.max_concurrent_streams": limits.concurrentRequests + spareStreams,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
  })
  const onNewClientCas = context.outdated.add
  const insecure = ServerCredentials.createInsecure()
  const listener = (listening = await listenGrpc(grpc, {
    place: listen,
    limits,
    isLoopback,
    certificates: isUnix ? undefined : certificates,
    insecure,
    onNewClientCas,
  }))
  const { pdp, headerPrefix, authenticate, retrySeconds } = context
  const envoy = envoyGrpc({ ...options.gateway, pdp, headerPrefix, authenticate, retrySeconds, ownEntrypoint })
  addGrpcMethods(grpc, { context, envoy, calls, status })
  return {
    url: listener.url,
    close: listener.close,
    status: () => ({ url: listener.url, entrypoint: ownEntrypoint() ?? ourEntrypoint }),
  }
}

const ourEntrypoint = "authz/allow"
const mostMessageBytes = 4_194_304
/** For calls of health, those that wait for an identity provider, and those that are told that there are too many. */
const spareStreams = 1_000

function assertDecides({ pdp, opa }: ServerContext, entrypoint: string | undefined): void {
  const { ready, policy } = pdp.status()
  if (!ready || entrypoint === undefined || opa.has(entrypoint)) return
  throw new PdpError(
    "ERR_CONFIG_INVALID",
    `gateway.envoy_grpc: the policy has no entrypoint ${entrypoint} (it has ${policy.entrypoints.join(", ")}); build it with -e ${entrypoint}, or name another one in gateway.envoy_grpc.entrypoint`,
  )
}
