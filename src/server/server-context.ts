import {
  authentication,
  defaultHeaderPrefix,
  loginDiscovery,
  peerTrust,
  type AuthenticationOptions,
  type LoginDiscoveryOptions,
  type PeerOptions,
} from "../authn/index.js"
import { countedStates, processBarrier } from "../fleet/index.js"
import { gateways } from "../gateway/index.js"
import { parseRevision } from "../model/revision.js"
import { unrefTimers } from "../model/timers.js"
import type { Pdp } from "../pdp/pdp.js"
import { createMetrics, type DataReading } from "../telemetry/index.js"
import type { ServerContext } from "./context.js"
import type { EnvoyGrpcStatus } from "./gateway-grpc.js"
import { opaApi } from "./opa-api.js"
import { outdatedConnections } from "./outdated-connections.js"
import type { ServerOptions } from "./server.js"
import type { ServerSettings } from "./settings.js"
import type { TrustOf } from "./trust.js"
import { createDistribution, type Distribution } from "./distribution.js"
import { fairWaiting } from "./waiting.js"
import { openWork } from "./work.js"

/** How the server is at present. */
export interface ServerState {
  /** Only this machine can get to the main listener. */
  readonly isLocal: boolean
  readonly isClosing: () => boolean
  /** Undefined where Envoy is not served over gRPC. */
  readonly envoyGrpc: () => EnvoyGrpcStatus | undefined
}

/** What the routes of the main listener use. @throws {PdpError} `ERR_CONFIG_INVALID` naming an option of `authentication`, `discovery` or `peers` */
export function serverContext(options: ServerOptions, settings: ServerSettings, { isLocal, isClosing, envoyGrpc }: ServerState): ServerContext {
  const { pdp, hooks, authentication: authenticating = {} } = options
  const { logger, limits, profile, bundleCacheSeconds, version } = settings
  const onProblem: NonNullable<AuthenticationOptions["onProblem"]> = (problem) => {
    logger.warn({ issuer: problem.issuer, err: problem.error }, "an issuer of tokens could not be asked")
  }
  const discovery: LoginDiscoveryOptions = options.discovery ?? { authEnabled: authenticating.enabled ?? true }
  const now = hooks?.now ?? (() => performance.now())
  const distribution = createDistribution({ ...options.bundles, pdp, logger, limits, now, timers: hooks?.timers })
  const processes = options.processes ?? (() => Promise.resolve([]))
  const work = openWork(limits)
  const outdated = outdatedConnections(work)
  const authenticated = authentication({ ...authenticating, onProblem: authenticating.onProblem ?? onProblem })
  const headerPrefix = authenticating.headerPrefix ?? defaultHeaderPrefix
  const peers: PeerOptions = { ...options.peers, isOutdated: outdated.has, localByDefault: isLocal }
  return {
    pdp,
    administration: options.administration,
    notices: options.notices ?? (() => []),
    processes,
    processBarrier: processBarrier({
      others: processes,
      onProblem: (thrown) => logger.warn({ err: thrown }, "the other processes on the database cannot be asked for"),
      timers: hooks?.timers ?? unrefTimers,
      now,
    }),
    work,
    opa: opaApi(pdp, options.opa ?? {}, version),
    distribution,
    decisionLogs: options.decisionLogs,
    atLeast: fairWaiting(pdp, limits),
    ...authenticated,
    gateways: gateways({ ...options.gateway, ...authenticated, pdp, headerPrefix }),
    discovery: loginDiscovery({ ...discovery, onProblem: discovery.onProblem ?? onProblem }),
    outdated,
    trustOf: trustAt(peers, "path" in options.listen),
    gatewayTrustOf: gatewayTrustAt(peers, "path" in options.listen),
    isLocal,
    headerPrefix,
    profile,
    limits,
    logger,
    metrics: createMetrics(() => dataReading(pdp, distribution), options.decisionLogs?.status),
    bundleCacheSeconds,
    version,
    now,
    isClosing,
    envoyGrpc,
  }
}

/** What the routes of the health listener use. @param isLocal only this machine can get there */
export function healthContext(context: ServerContext, { peers = {} }: ServerOptions, isLocal: boolean): ServerContext {
  return { ...context, isLocal, trustOf: trustAt({ ...peers, localByDefault: isLocal }, false) }
}

function trustAt(peers: PeerOptions, isUnix: boolean): TrustOf {
  const trust = peerTrust(peers)
  if (!isUnix) return trust
  return ({ rawHeaders, headers, socket }) => trust({ rawHeaders, headers, socket, isUnix: true })
}

/** Of what a gateway sends, its own connection and its own secret count; every other header is as its client, or a proxy in front of it, wrote it. */
export function gatewayTrustAt(peers: PeerOptions, isUnix: boolean): TrustOf {
  const trust = peerTrust(peers)
  return ({ rawHeaders, headers, socket }) => trust({ rawHeaders, headers: { [secretHeader]: headers[secretHeader] }, socket, isUnix })
}

const secretHeader = "x-portcullis-peer-secret"

function dataReading(pdp: Pdp, { polls, fleet, published }: Distribution): DataReading {
  const { bindings, unknownRoles, revision, sources } = pdp.status()
  const ages = sources.flatMap(({ name, ageSeconds }) => (ageSeconds === undefined ? [] : [{ source: name, seconds: ageSeconds }]))
  return {
    bindings,
    bindingsOfUnknownRoles: unknownRoles.bindings,
    ages,
    waitingPolls: polls.size(),
    opas: () => countedStates(fleet.members(), published),
    ...(revision !== undefined && { revisionSequence: parseRevision(revision).sequence }),
  }
}
