import type { IncomingMessage, ServerResponse } from "node:http"
import type { Administration } from "../administration/index.js"
import type { Authenticate, Authentication, LoginDiscovery } from "../authn/index.js"
import type { DecisionLogIntake, DecisionLogStatus } from "../decision-log/index.js"
import type { KnownProcess, ProcessBarrier } from "../fleet/index.js"
import type { Gateways } from "../gateway/index.js"
import type { Pdp, Profile } from "../pdp/pdp.js"
import type { Logger, Metrics } from "../telemetry/index.js"
import type { Distribution } from "./distribution.js"
import type { EnvoyGrpcStatus } from "./gateway-grpc.js"
import type { OpaApi } from "./opa-api.js"
import type { TrustOf } from "./trust.js"
import type { ServerLimits } from "./limits.js"
import type { OutdatedConnections } from "./outdated-connections.js"
import type { Work } from "./work.js"

/** The decision log of this process, which takes those of OPAs. */
export interface DecisionLogs {
  readonly intake: DecisionLogIntake
  /** Of one upload, before and after it is inflated. */
  readonly mostBytes: number
  /** How the log fares, for `/status` and metrics. */
  readonly status: () => DecisionLogStatus
}

/** What every route may use. */
export interface ServerContext {
  readonly pdp: Pdp
  /** Absent while role bindings come from a read-only source. */
  readonly administration?: Administration | undefined
  /** `pdp.atLeast`, for a bounded number of callers. */
  readonly atLeast: Pdp["atLeast"]
  readonly work: Work
  readonly opa: OpaApi
  /** Gives out bundles, and knows who runs which. */
  readonly distribution: Distribution
  readonly authenticate: Authenticate
  /** How the issuers of tokens fare. */
  readonly issuers: Authentication["issuers"]
  readonly fetchKeys: Authentication["fetchKeys"]
  /** Takes the decision logs of OPAs. Absent: there is no log. */
  readonly decisionLogs?: DecisionLogs | undefined
  /** After how many seconds it is worth trying again when an issuer cannot be asked. */
  readonly retrySeconds: number
  /** How to log in: the document of `/apis/auth/discovery`. */
  readonly discovery: LoginDiscovery
  readonly trustOf: TrustOf
  /** The same for gateways, whose requests carry the marks of every proxy in front of them. */
  readonly gatewayTrustOf: TrustOf
  readonly gateways: Gateways
  /** How Envoy is served over gRPC. Undefined where it is not. */
  readonly envoyGrpc: () => EnvoyGrpcStatus | undefined
  readonly outdated: OutdatedConnections
  /** True while only this machine can get here. */
  readonly isLocal: boolean
  /** What the names of the principal headers begin with. */
  readonly headerPrefix: string
  readonly profile: Profile
  readonly limits: ServerLimits
  readonly logger: Logger
  readonly metrics: Metrics
  readonly bundleCacheSeconds: number
  readonly version: string
  /** What an operator should know, in words. */
  readonly notices: () => readonly string[]
  /** The other processes on the same database. */
  readonly processes: () => Promise<readonly KnownProcess[]>
  /** Waits for them. */
  readonly processBarrier: ProcessBarrier
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** True once the server stops. */
  readonly isClosing: () => boolean
}

/** One request with its answer to be. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  /** Counts the requests of a listener, from 1 on. */
  readonly number: number
  readonly startedAt: number
  /** The route's template, for metrics. */
  route: string
  /** True when errors have OPA's shape. */
  opa: boolean
  /** What the caller sent, once it has been read. */
  body?: Buffer
}
