import type * as grpc from "@grpc/grpc-js"
import type { Refusal } from "../model/refusal.js"
import type { ServerLimits } from "./limits.js"

/** From where to where a call came. */
export type ConnectionInfo = ReturnType<grpc.ServerInterceptingCallInterface["getConnectionInfo"]>

/** One call of gRPC. */
export interface GrpcCall {
  readonly connection: ConnectionInfo
  /** Why whoever calls is not served. Undefined: it may be. */
  readonly untrusted: Refusal | undefined
  /** Milliseconds of the clock at which it began. */
  readonly startedAt: number
  /** It waits for somebody outside, and takes no place of others meanwhile. @returns takes its place again, over the limit if need be */
  pause(): () => void
}

/** The calls of a server. */
export interface GrpcCalls {
  /** Lets a bounded number of them be in work, and gives each a bounded time to arrive. */
  readonly interceptor: grpc.ServerInterceptor
  /** What is known of a call, by the very metadata that its method gets. */
  readonly of: (metadata: grpc.Metadata) => GrpcCall | undefined
}

/** Whose calls are counted how. */
export interface GrpcCallers {
  /** Methods that are answered however many calls there are. */
  readonly isFree: (path: string) => boolean
  /** Tells, before anything of a message has come, why whoever calls is not served. */
  readonly untrusted: (metadata: grpc.Metadata, connection: ConnectionInfo) => Refusal | undefined
}

/** What {@link grpcCalls} uses of gRPC, which is loaded only where somebody listens. */
export interface GrpcParts {
  readonly ServerInterceptingCall: typeof grpc.ServerInterceptingCall
  readonly status: typeof grpc.status
}

/**
 * Counts the calls in work. Those of strangers take places of their own, which are few, so that they take none away from gateways.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function grpcCalls(
  { ServerInterceptingCall, status }: GrpcParts,
  { concurrentRequests, requestSeconds }: Pick<ServerLimits, "concurrentRequests" | "requestSeconds">,
  { isFree, untrusted }: GrpcCallers,
  now: () => number,
): GrpcCalls {
  const calls = new WeakMap<grpc.Metadata, GrpcCall>()
  const gateways = places(concurrentRequests)
  const strangers = places(Math.min(concurrentRequests, mostOfStrangers))
  return {
    of: (metadata) => calls.get(metadata),
    interceptor: (method, call) => {
      let late: NodeJS.Timeout | undefined
      let leave = (): void => undefined
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata(metadata, proceed) {
              const connection = call.getConnectionInfo()
              const isCounted = !isFree(method.path)
              const refusal = isCounted ? untrusted(metadata, connection) : undefined
              const own = (refusal ? strangers : gateways).take(isCounted)
              if (!own) return call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details: overloaded })
              leave = own.leave
              calls.set(metadata, { connection, untrusted: refusal, startedAt: now(), pause: own.pause })
              late = setTimeout(() => call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: incomplete }), requestSeconds * 1_000)
              proceed(metadata)
            },
            onReceiveHalfClose(proceed) {
              clearTimeout(late)
              proceed()
            },
            onCancel() {
              clearTimeout(late)
              leave()
            },
          }),
      })
    },
  }
}

/** Calls in work of those who are not trusted: each is told so as soon as its message is there. */
const mostOfStrangers = 20

interface Place extends Pick<GrpcCall, "pause"> {
  readonly leave: () => void
}

/** @param most how many there are */
function places(most: number): { readonly take: (isCounted: boolean) => Place | undefined } {
  let taken = 0
  return {
    take(isCounted) {
      if (isCounted && taken >= most) return undefined
      let held = 1
      let isOver = false
      taken++
      const move = (by: number): void => {
        held += by
        taken += by
      }
      return {
        leave() {
          isOver = true
          move(-held)
        },
        pause() {
          if (isOver || held === 0) return () => undefined
          move(-1)
          return () => void (!isOver && held === 0 && move(1))
        },
      }
    },
  }
}

const overloaded = "too many calls are in work; try again"
const incomplete = "the call did not arrive in time"
