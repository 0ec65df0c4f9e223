import type { Socket } from "node:net"
import type { Work } from "./work.js"

/** Connections over TLS that began before the CAs of client certificates changed. What their certificate proved is proven no more. */
export interface OutdatedConnections {
  readonly has: (socket: object) => boolean
  /** Requests in work on them are the last ones there, so that clients connect anew. */
  readonly add: (sockets: Iterable<Socket>) => void
}

/** None, at first. */
export function outdatedConnections(work: Pick<Work, "responses">): OutdatedConnections {
  const outdated = new WeakSet<object>()
  return {
    has: (socket) => outdated.has(socket),
    add(sockets) {
      for (const socket of sockets) outdated.add(socket)
      for (const response of work.responses()) if (outdated.has(response.req.socket)) response.shouldKeepAlive = false
    },
  }
}
