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
 *
 * Responses are kept in lists: a `Set` that responses come to and go from makes a new table every so often, and each old one keeps alive what the
 * next one holds until the old generation is collected, which takes a fifth of all time.
 */
export function openWork({ concurrentRequests, pipelinedRequests }: Pick<ServerLimits, "concurrentRequests" | "pipelinedRequests">): Work {
  const connections = new Map<Socket, OpenResponse[]>()
  let admitted = 0
  const release = (open: OpenResponse | undefined): void => {
    if (!open?.isAdmitted) return
    open.isAdmitted = false
    admitted--
  }
  const find = (response: ServerResponse): OpenResponse | undefined =>
    connections.get(response.req.socket)?.find((open) => open.response === response)
  const onClose = function (this: ServerResponse): void {
    const responses = connections.get(this.req.socket)
    const at = responses?.findIndex((open) => open.response === this) ?? -1
    if (responses && at >= 0) release(responses.splice(at, 1)[0])
  }
  const connect = (socket: Socket): OpenResponse[] => {
    const responses: OpenResponse[] = []
    connections.set(socket, responses)
    socket.once("close", () => {
      connections.delete(socket)
      for (const open of responses) {
        release(open)
        if (open.response.socket === null && !open.response.destroyed) close(open.response)
      }
    })
    return responses
  }
  return {
    open(response, socket) {
      if (socket.closed) return void response.destroy()
      const responses = connections.get(socket) ?? connect(socket)
      responses.push({ response, isAdmitted: false })
      response.on("close", onClose)
    },
    admit(response, socket, isFree) {
      const responses = connections.get(socket) ?? []
      if (responses.length > pipelinedRequests) return pipelinedTooMuch
      if (isFree) return undefined
      if (admitted >= concurrentRequests) return overloaded
      const open = responses.findLast((one) => one.response === response)
      if (!open) return undefined
      open.isAdmitted = true
      admitted++
      return undefined
    },
    pause(response) {
      const open = find(response)
      if (!open?.isAdmitted) return () => undefined
      release(open)
      return () => {
        if (open.isAdmitted || find(response) !== open) return
        open.isAdmitted = true
        admitted++
      }
    },
    answered(response) {
      if (response.writableEnded && response.writableLength <= littleBytes) release(find(response))
    },
    *responses() {
      for (const responses of connections.values()) for (const { response } of [...responses]) yield response
    },
  }
}

interface OpenResponse {
  readonly response: ServerResponse
  /** It takes one of the places there are. */
  isAdmitted: boolean
}

const littleBytes = 16_384

function close(response: ServerResponse): void {
  response.destroy()
  response.emit("close")
}
