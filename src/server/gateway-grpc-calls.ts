import type * as grpc from "@grpc/grpc-js"
import type { ServerLimits } from "./limits.js"

/** From where to where a call came. */
export type ConnectionInfo = ReturnType<grpc.ServerInterceptingCallInterface["getConnectionInfo"]>

/** One call of gRPC. */
export interface GrpcCall {
  readonly connection: ConnectionInfo
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

/** What {@link grpcCalls} uses of gRPC, which is loaded only where somebody listens. */
export interface GrpcParts {
  readonly ServerInterceptingCall: typeof grpc.ServerInterceptingCall
  readonly status: typeof grpc.status
}

/**
 * Counts the calls in work.
 *
 * @param isFree methods that are answered however many there are
 * @param now milliseconds of a clock that only goes forward
 */
export function grpcCalls(
  { ServerInterceptingCall, status }: GrpcParts,
  { concurrentRequests, requestSeconds }: Pick<ServerLimits, "concurrentRequests" | "requestSeconds">,
  isFree: (path: string) => boolean,
  now: () => number,
): GrpcCalls {
  const calls = new WeakMap<grpc.Metadata, GrpcCall>()
  let taken = 0
  const place = (): Pick<GrpcCall, "pause"> & { readonly leave: () => void } => {
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
  }
  return {
    of: (metadata) => calls.get(metadata),
    interceptor: (method, call) => {
      let late: NodeJS.Timeout | undefined
      let leave = (): void => undefined
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata(metadata, proceed) {
              if (taken >= concurrentRequests && !isFree(method.path))
                return call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details: overloaded })
              const own = place()
              leave = own.leave
              calls.set(metadata, { connection: call.getConnectionInfo(), startedAt: now(), pause: own.pause })
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

const overloaded = "too many calls are in work; try again"
const incomplete = "the call did not arrive in time"
