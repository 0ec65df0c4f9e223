import type * as grpc from "@grpc/grpc-js"
import { createServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { bind, type ListenAddress } from "./bind.js"
import type { ServerCertificates } from "./certificate-files.js"
import type { ConnectionInfo } from "./gateway-grpc-calls.js"
import type { ServerLimits } from "./limits.js"
import { socketsOf } from "./listen.js"
import type { IsLoopback } from "./listen-rules.js"
import type { SocketPath } from "./unix-socket.js"

/** How to listen for gRPC. */
export interface GrpcListen {
  readonly place: ListenAddress | SocketPath
  readonly limits: ServerLimits
  readonly isLoopback: IsLoopback
  /** Speaks TLS, 1.2 or newer, with these. */
  readonly certificates?: ServerCertificates | undefined
  /** Those of gRPC for connections on which TLS is spoken already, or not at all. */
  readonly insecure: grpc.ServerCredentials
  /** Told of the connections that are open when other CAs sign client certificates. They end when what is asked on them is answered. */
  readonly onNewClientCas: (sockets: Iterable<Socket>) => void
}

/** gRPC that listens. */
export interface GrpcListening {
  /** For example `grpc://127.0.0.1:9191`, `grpcs://…` with TLS, or `unix:/run/envoy.sock`. */
  readonly url: string
  /** The connection of a call. Undefined when it is gone. */
  readonly socketOf: (info: ConnectionInfo) => Socket | undefined
  /** Lets calls in work finish, tells clients to call elsewhere, and cuts off what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/**
 * Listens for gRPC. Connections are accepted here and handed over, so that sockets, certificates and ends are those of the HTTP listener.
 *
 * Cut off is whoever does not begin to speak HTTP/2 in time.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it cannot be bound, and when what is called loopback is not
 */
export async function listenGrpc(
  calls: grpc.Server,
  { place, limits, isLoopback, certificates, insecure, onNewClientCas }: GrpcListen,
): Promise<GrpcListening> {
  const deadlineMs = limits.requestSeconds * 1_000
  const injector = calls.createConnectionInjector(insecure)
  const speaking = new Map<string, Socket>()
  const server = certificates ? tlsServer(certificates, deadlineMs) : createServer({ noDelay: true })
  server.maxConnections = limits.concurrentRequests * 4
  const all = socketsOf(server, "connection")
  server.on(certificates ? "secureConnection" : "connection", (socket: Socket) => {
    const name = nameOf(socket)
    speaking.set(name, socket)
    const mute = setTimeout(() => isMute(socket) && socket.destroy(), deadlineMs)
    socket.on("error", () => socket.destroy())
    socket.once("close", () => {
      clearTimeout(mute)
      if (speaking.get(name) === socket) speaking.delete(name)
    })
    injector.injectConnection(socket)
  })
  certificates?.onChange((next, hasNewClientCas) => {
    if ("setSecureContext" in server) server.setSecureContext(next)
    if (!hasNewClientCas) return
    onNewClientCas(speaking.values())
    injector.drain(deadlineMs)
  })
  return {
    url: await bind(server, place, isLoopback, certificates ? "grpcs" : "grpc"),
    socketOf: (info) => speaking.get(nameOf(info)),
    async close(graceMs) {
      await closed(server, all, graceMs, () => injector.drain(graceMs))
      calls.forceShutdown()
    },
  }
}

/** Of HTTP/2's connection preface. */
const prefaceBytes = 24

function isMute(socket: Socket): boolean {
  return socket.bytesRead < prefaceBytes
}

/** A client certificate that no CA of ours signed is not believed, but does no harm. */
function tlsServer(certificates: ServerCertificates, deadlineMs: number): ReturnType<typeof createTlsServer> {
  const server = createTlsServer({
    ...certificates.current(),
    noDelay: true,
    requestCert: certificates.asksClients,
    rejectUnauthorized: false,
    handshakeTimeout: deadlineMs,
    ALPNProtocols: ["h2"],
  })
  server.on("tlsClientError", (_error, socket) => socket.destroy())
  return server
}

/** Every peer of a UNIX domain socket has the same, for they are all alike. */
function nameOf({ localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 }: ConnectionInfo | Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

/** Long enough for what a client sent before the stop to be read. */
const silentMs = 100

function closed(server: Server, sockets: ReadonlySet<Socket>, graceMs: number, drain: () => void): Promise<void> {
  return new Promise((resolve) => {
    const destroy = (chosen: (socket: Socket) => boolean): void => {
      for (const socket of sockets) if (chosen(socket)) socket.destroy()
    }
    const soon = setTimeout(() => destroy(isMute), silentMs)
    const cut = setTimeout(() => destroy(() => true), graceMs)
    server.close(() => {
      clearTimeout(soon)
      clearTimeout(cut)
      resolve()
    })
    drain()
  })
}
