import type * as grpc from "@grpc/grpc-js"
import type { Socket } from "node:net"
import { decisionInvalid, healthBytes, healthQuestion, passes, type CheckAnswer, type EnvoyGrpc, type Verdict } from "../gateway/index.js"
import { refusal, type Refusal } from "../model/refusal.js"
import type { ServerContext } from "./context.js"
import type { ConnectionInfo, GrpcCall, GrpcCalls } from "./gateway-grpc-calls.js"
import { noteVerdict } from "./gateway-verdict.js"
import { checkGatewayPeer, type TrustOf } from "./trust.js"

/** What the methods use. */
export interface GrpcServed {
  readonly context: Pick<ServerContext, "isClosing" | "logger" | "metrics" | "now" | "pdp">
  readonly envoy: EnvoyGrpc
  readonly calls: GrpcCalls
  readonly status: typeof grpc.status
}

/** Who may be known by what. */
export interface GrpcPeers {
  readonly gatewayTrustOf: TrustOf
  /** The connection of a call. Undefined when it is gone. */
  readonly socketOf: (info: ConnectionInfo) => Socket | undefined
  readonly isUnix: boolean
}

/** Why whoever calls is not served as a gateway. Undefined when it is. */
export function untrustedCaller(
  { gatewayTrustOf, socketOf, isUnix }: GrpcPeers,
  metadata: grpc.Metadata,
  connection: ConnectionInfo,
): Refusal | undefined {
  const socket = socketOf(connection)
  if (!socket) return gone
  const secrets = metadata.get(secretHeader).map(String)
  const headers = secrets.length === 0 ? {} : { [secretHeader]: secrets }
  return checkGatewayPeer({ gatewayTrustOf }, { rawHeaders: secrets.flatMap((secret) => [secretHeader, secret]), headers, socket, isUnix })
}

/** Adds the two methods there are. */
export function addGrpcMethods(server: grpc.Server, served: GrpcServed): void {
  server.addService({ Check: method(checkPath) }, { Check: (call: Call, done: Done) => void check(served, call, done) })
  server.addService({ Check: method(healthPath) }, { Check: (call: Call, done: Done) => health(served, call, done) })
}

/** True for the method that whoever watches this process calls. */
export function isHealthCheck(path: string): boolean {
  return path === healthPath
}

const authorization = "envoy.service.auth.v3.Authorization"
const checkPath = `/${authorization}/Check`
const healthPath = "/grpc.health.v1.Health/Check"

type Call = Pick<grpc.ServerUnaryCall<Buffer, Buffer>, "metadata" | "request">
type Done = grpc.sendUnaryData<Buffer>

/** Messages are read and written where they are understood. */
function method(path: string) {
  const asItIs = (bytes: Buffer): Buffer => bytes
  const [requestSerialize, requestDeserialize, responseSerialize, responseDeserialize] = [asItIs, asItIs, asItIs, asItIs]
  return { path, requestStream: false, responseStream: false, requestSerialize, requestDeserialize, responseSerialize, responseDeserialize }
}

async function check(served: GrpcServed, { metadata, request }: Call, done: Done): Promise<void> {
  const { context, calls, status } = served
  const call = calls.of(metadata)
  const answer = await answered(served, call, request)
  const { verdict } = answer
  noteVerdict(context, "envoy_grpc", verdict, answer.requestId)
  noteOwnPolicy(context, verdict)
  context.metrics.answered(checkPath, "POST", passes(verdict) ? 200 : verdict.refusal.status, call ? (context.now() - call.startedAt) / 1_000 : 0)
  if (answer.response) return done(null, answer.response)
  const { refusal: reason } = answer.verdict
  done({ code: codeOf(reason, status), details: `${reason.code}: ${reason.message}` })
}

/** What a policy of one's own is at fault with; who keeps it must know more than its callers. */
function noteOwnPolicy({ metrics, logger }: GrpcServed["context"], { entrypoint, decision, thrown, refusal: reason, decisionId }: Verdict): void {
  const isInvalid = reason?.code === decisionInvalid
  if (entrypoint === undefined || decision || (!isInvalid && (reason?.status ?? 0) < 500)) return
  metrics.decided(entrypoint, "error")
  if (isInvalid) logger.error({ err: thrown, entrypoint, decisionId }, "a policy answered Envoy with no decision")
}

async function answered({ envoy }: GrpcServed, call: GrpcCall | undefined, bytes: Buffer): Promise<CheckAnswer> {
  if (!call || call.untrusted) return envoy.refuse(call?.untrusted ?? gone)
  const { remoteAddress, remotePort = 0 } = call.connection
  return envoy.ask(bytes, { origin: remoteAddress === undefined ? {} : { requestedBy: `${remoteAddress}:${remotePort}` }, onWait: call.pause })
}

const secretHeader = "x-portcullis-peer-secret"
const gone = refusal(403, "peer_not_trusted", "the connection is gone, so that nobody knows who asks")

/** A fault of ours, in the words of gRPC. */
function codeOf({ code, status: httpStatus }: Refusal, status: typeof grpc.status): grpc.status {
  if (code === "overloaded") return status.RESOURCE_EXHAUSTED
  return httpStatus === 503 ? status.UNAVAILABLE : status.INTERNAL
}

function health({ context, status }: GrpcServed, { request }: Call, done: Done): void {
  let service: string
  try {
    service = healthQuestion(request)
  } catch {
    return done({ code: status.INVALID_ARGUMENT, details: "this is no HealthCheckRequest" })
  }
  if (service !== "" && service !== authorization) return done({ code: status.NOT_FOUND, details: `the service here is ${authorization}` })
  done(null, healthBytes(!context.isClosing() && context.pdp.status().ready))
}
