import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { ServerLimits } from "./limits.js"
import type { Refusal } from "../model/refusal.js"
import { overloaded, pipelinedTooMuch } from "./refusal.js"

/** Who is being answered. */
export interface Work {
  /** Takes note of a response until it or its connection is closed. */
  open(response: ServerResponse, socket: Socket): void
  /** Lets an open one be worked on. @param isFree it takes no place of others @returns 503 when too much is in work, or waits on this connection */
  admit(response: ServerResponse, socket: Socket, isFree: boolean): Refusal | undefined
  /** It waits for somebody outside, and takes no place of others meanwhile. @returns takes its place again, over the limit if need be */
  pause(response: ServerResponse): () => void
  /** Gives its place back when all of it is written, and little is left to send: an answer may queue behind one that takes long. */
  answered(response: ServerResponse): void
  /** Every response that is open, admitted or not. */
  responses(): Iterable<ServerResponse>
}

/**
 * Counts the requests in work, and those that each connection waits for.
 *
 * Node tells a response that its connection is gone only when it is the one being written: those queued behind it (a client may send many
 * requests without waiting) never hear of it. So they are destroyed, and told by `close`, here.
 */
export function openWork({ concurrentRequests, pipelinedRequests }: Pick<ServerLimits, "concurrentRequests" | "pipelinedRequests">): Work {
  const connections = new Map<Socket, Set<ServerResponse>>()
  const admitted = new Set<ServerResponse>()
  const onClose = function (this: ServerResponse): void {
    admitted.delete(this)
    connections.get(this.req.socket)?.delete(this)
  }
  const connect = (socket: Socket): Set<ServerResponse> => {
    const responses = new Set<ServerResponse>()
    connections.set(socket, responses)
    socket.once("close", () => {
      connections.delete(socket)
      for (const response of responses) {
        admitted.delete(response)
        if (response.socket === null && !response.destroyed) close(response)
      }
    })
    return responses
  }
  return {
    open(response, socket) {
      if (socket.closed) return void response.destroy()
      const responses = connections.get(socket) ?? connect(socket)
      responses.add(response)
      response.on("close", onClose)
    },
    admit(response, socket, isFree) {
      if ((connections.get(socket)?.size ?? 0) > pipelinedRequests) return pipelinedTooMuch
      if (isFree) return undefined
      if (admitted.size >= concurrentRequests) return overloaded
      admitted.add(response)
      return undefined
    },
    pause(response) {
      if (!admitted.delete(response)) return () => undefined
      return () => {
        if (connections.get(response.req.socket)?.has(response)) admitted.add(response)
      }
    },
    answered(response) {
      if (response.writableEnded && response.writableLength <= littleBytes) admitted.delete(response)
    },
    *responses() {
      for (const responses of connections.values()) yield* responses
    },
  }
}

const littleBytes = 16_384

function close(response: ServerResponse): void {
  response.destroy()
  response.emit("close")
}
