import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { Socket } from "node:net"
import type * as net from "node:net"
import type { Duplex } from "node:stream"
import type { Refusal } from "../model/refusal.js"
import { bind, type ListenAddress } from "./bind.js"
import { answerBare, answerBrokenClient, noTunnel, type ClientError } from "./broken-client.js"
import type { ServerCertificates } from "./certificate-files.js"
import { handshakesOf } from "./handshakes.js"
import type { ServerLimits } from "./limits.js"
import type { IsLoopback } from "./listen-rules.js"
import type { SocketPath } from "./unix-socket.js"

/** A server that listens. */
export interface Listening {
  readonly server: Server
  /** Every open connection on which HTTP is spoken. */
  readonly sockets: ReadonlySet<Socket>
  /** Every open connection that is about TLS still. */
  readonly handshakes: () => readonly Socket[]
  readonly url: string
  /** Answers 408 to a client whose request did not arrive in time. */
  timeOut(socket: Socket): void
  /** Cuts off every connection, those that are still about TLS included. */
  cutOff(): void
}

/** Who hears of what comes. */
export interface Listeners {
  readonly onRequest: RequestListener
  /** What was answered to something that is no request. */
  readonly onBroken: (reason: Refusal) => void
}

/** How to listen. */
export interface Listen {
  readonly place: ListenAddress | SocketPath
  readonly limits: ServerLimits
  readonly isLoopback: IsLoopback
  /** Speaks TLS, 1.2 or newer, with these. */
  readonly certificates?: ServerCertificates | undefined
  /** Told of the connections that are open when other CAs sign client certificates. Those on which nothing is asked are closed. */
  readonly onNewClientCas?: ((sockets: ReadonlySet<Socket>) => void) | undefined
}

/**
 * Listens; what is no HTTP, too slow or too large is answered with a 4xx and cut off, and what is no TLS where that is due is cut off.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it cannot be bound, and when what is called loopback is not
 */
export async function listen(
  { place, limits, isLoopback, certificates, onNewClientCas }: Listen,
  { onRequest, onBroken }: Listeners,
): Promise<Listening> {
  const secure = certificates && tlsServer(certificates, limits, onRequest)
  const server: Server = secure ?? createServer(httpOptions(limits), onRequest)
  server.maxHeadersCount = 0
  server.maxConnections = limits.concurrentRequests * 4 + limits.longPolls
  server.setTimeout(idleMs)
  const sockets = socketsOf(server, certificates ? "secureConnection" : "connection")
  const all = certificates ? socketsOf(server, "connection") : sockets
  const handshakes = certificates ? handshakesOf(server) : () => []
  certificates?.onChange((next, hasNewClientCas) => {
    secure?.setSecureContext(next)
    if (!hasNewClientCas) return
    for (const socket of handshakes()) socket.destroy()
    onNewClientCas?.(sockets)
    server.closeIdleConnections()
  })
  const refuseClient = (error: ClientError, socket: Duplex, speaksHttp: boolean): void => {
    if (!speaksHttp) return void socket.destroy()
    const reason = answerBrokenClient(error, socket)
    if (reason) onBroken(reason)
  }
  server.on("clientError", (error: ClientError, socket) => refuseClient(error, socket, isAmong(sockets, socket)))
  server.on("checkExpectation", onRequest)
  server.on("connect", (_request, socket) => {
    answerBare(socket, noTunnel)
    onBroken(noTunnel)
  })
  return {
    server,
    sockets,
    handshakes,
    url: await bind(server, place, isLoopback, certificates ? "https" : "http"),
    timeOut: (socket) => refuseClient({ code: "ERR_HTTP_REQUEST_TIMEOUT" }, socket, true),
    cutOff() {
      server.closeAllConnections()
      for (const socket of all) socket.destroy()
    },
  }
}

const idleMs = 60_000

function httpOptions({ headerBytes, requestSeconds }: ServerLimits): ServerOptions {
  const deadlineMs = requestSeconds * 1_000
  return {
    maxHeaderSize: headerBytes,
    requestTimeout: deadlineMs,
    headersTimeout: deadlineMs,
    connectionsCheckingInterval: Math.min(500, deadlineMs / 4),
    keepAliveTimeout: 30_000,
    noDelay: true,
  }
}

/** A client certificate that no CA of ours signed is not believed, but does no harm: its holder may have a token. */
function tlsServer(certificates: ServerCertificates, limits: ServerLimits, onRequest: RequestListener): ReturnType<typeof createTlsServer> {
  return createTlsServer(
    {
      ...httpOptions(limits),
      ...certificates.current(),
      requestCert: certificates.asksClients,
      rejectUnauthorized: false,
      handshakeTimeout: limits.requestSeconds * 1_000,
      ALPNProtocols: ["http/1.1"],
    },
    onRequest,
  )
}

/** The open connections of a server. @param event that tells of them */
export function socketsOf(server: net.Server, event: "connection" | "secureConnection"): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on(event, (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return sockets
}

function isAmong(sockets: ReadonlySet<Duplex>, socket: Duplex): boolean {
  return sockets.has(socket)
}
