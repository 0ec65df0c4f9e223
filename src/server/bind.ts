import type { AddressInfo, Server } from "node:net"
import { messageOf, PdpError } from "../errors.js"
import type { IsLoopback } from "./listen-rules.js"
import { listenOnPath, type SocketPath } from "./unix-socket.js"

/** Where to listen. Port 0: any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * Lets a server listen at a place.
 *
 * @param scheme of the URL
 * @returns the URL: `http://127.0.0.1:8181`, or `unix:/run/portcullis.sock`
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it cannot be bound, and when what is called loopback is not
 */
export async function bind(server: Server, place: ListenAddress | SocketPath, isLoopback: IsLoopback, scheme: string): Promise<string> {
  if ("path" in place) {
    const remove = await listenOnPath(server, place)
    server.once("close", remove)
    return `unix:${place.path}`
  }
  const { address, family, port } = await bindAddress(server, place)
  if (isLoopback(place.host) && !isLoopback(address)) {
    server.close()
    throw new PdpError("ERR_CONFIG_INVALID", `'${place.host}' is ${address} here, which is no loopback address; listen on 127.0.0.1 or ::1`)
  }
  return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}`
}

function bindAddress(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(new PdpError("ERR_CONFIG_INVALID", `cannot listen on ${host}:${port}: ${bindProblem(cause)}`, { cause })),
    )
    server.listen(port, bare, () => {
      const bound = server.address()
      if (bound !== null && typeof bound !== "string") resolve(bound)
    })
  })
}

function bindProblem(cause: NodeJS.ErrnoException): string {
  const elsewhere =
    "listen on another one: --listen HOST:PORT, PORTCULLIS_SERVER__LISTEN (health: --health-listen, PORTCULLIS_SERVER__HEALTH_LISTEN; gRPC: PORTCULLIS_GATEWAY__ENVOY_GRPC__LISTEN)"
  if (cause.code === "EADDRINUSE") return `the port is in use; stop who uses it, or ${elsewhere}`
  if (cause.code === "EACCES") return `that port is not permitted to this process; ${elsewhere}`
  if (cause.code === "EADDRNOTAVAIL") return `this machine has no such address; ${elsewhere}`
  return messageOf(cause)
}
