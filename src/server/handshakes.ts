import type { Server } from "node:http"
import type { Socket } from "node:net"

/** The bare connections on which TLS is not spoken yet. Node does not tell which one a TLS connection was, so its client's address and port do. */
export function handshakesOf(server: Server): () => readonly Socket[] {
  const begun = new Map<string, Socket>()
  server.on("connection", (socket: Socket) => {
    const client = clientOf(socket)
    begun.set(client, socket)
    socket.once("close", () => begun.get(client) === socket && begun.delete(client))
  })
  server.on("secureConnection", (socket: Socket) => begun.delete(clientOf(socket)))
  return () => [...begun.values()]
}

function clientOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
