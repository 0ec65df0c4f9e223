import { createServer, ServerResponse, STATUS_CODES, type RequestListener, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { messageOf, PdpError } from "../errors.js"
import { isLoopback } from "../model/loopback.js"
import type { ServerLimits } from "./limits.js"
import { refusal, refusalText, type Refusal } from "../model/refusal.js"

/** Where to listen. Port 0: any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** A server that listens. */
export interface Listening {
  readonly server: Server
  /** Every open connection. */
  readonly sockets: ReadonlySet<Socket>
  readonly url: string
  /** Answers 408 to a client whose request did not arrive in time. */
  timeOut(socket: Socket): void
}

/** Who hears of what comes. */
export interface Listeners {
  readonly onRequest: RequestListener
  /** What was answered to something that is no request. */
  readonly onBroken: (reason: Refusal) => void
}

/**
 * Listens on a loopback address; what is no HTTP, too slow or too large is answered with a 4xx and cut off.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for any other address (nobody checks who calls, yet), and when it cannot be bound
 */
export async function listen(address: ListenAddress, limits: ServerLimits, { onRequest, onBroken }: Listeners): Promise<Listening> {
  if (!isLoopback(address.host)) throw notLoopback(address.host)
  const deadlineMs = limits.requestSeconds * 1_000
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      requestTimeout: deadlineMs,
      headersTimeout: deadlineMs,
      connectionsCheckingInterval: Math.min(500, deadlineMs / 4),
      keepAliveTimeout: 30_000,
      noDelay: true,
    },
    onRequest,
  )
  server.maxHeadersCount = 0
  server.maxConnections = limits.concurrentRequests * 4
  server.setTimeout(idleMs)
  const refuseClient = (error: Pick<NodeJS.ErrnoException, "code">, socket: Duplex): void => {
    const reason = answerBrokenClient(error, socket)
    if (reason) onBroken(reason)
  }
  server.on("clientError", refuseClient)
  server.on("checkExpectation", onRequest)
  server.on("connect", (_request, socket) => {
    answerBare(socket, noTunnel)
    onBroken(noTunnel)
  })
  const sockets = socketsOf(server)
  const bound = await bind(server, address)
  if (!isLoopback(bound.address)) {
    server.close()
    throw notLoopback(`${address.host} (${bound.address})`)
  }
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address
  return {
    server,
    sockets,
    url: `http://${host}:${bound.port}`,
    timeOut: (socket) => refuseClient({ code: "ERR_HTTP_REQUEST_TIMEOUT" }, socket),
  }
}

const idleMs = 60_000

function notLoopback(host: string): PdpError {
  const why = "callers are believed without proof until authentication exists, so only this machine may call"
  return new PdpError("ERR_CONFIG_INVALID", `'${host}' is not a loopback address: ${why}; listen on 127.0.0.1, ::1 or localhost`)
}

function bind(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
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
  const elsewhere = "listen on another one: --listen HOST:PORT, PORTCULLIS_SERVER__LISTEN (health: --health-listen, PORTCULLIS_SERVER__HEALTH_LISTEN)"
  if (cause.code === "EADDRINUSE") return `the port is in use; stop who uses it, or ${elsewhere}`
  if (cause.code === "EACCES") return `that port is not permitted to this process; ${elsewhere}`
  if (cause.code === "EADDRNOTAVAIL") return `this machine has no such address; ${elsewhere}`
  return messageOf(cause)
}

function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return sockets
}

/** Node tells of broken, slow and too large requests by an error and a bare socket. @returns what was answered, if anything could be */
function answerBrokenClient(error: Pick<NodeJS.ErrnoException, "code">, socket: Duplex): Refusal | undefined {
  const current: unknown = Reflect.get(socket, "_httpMessage")
  const begun = current instanceof ServerResponse && current.headersSent
  if (error.code === "ECONNRESET" || !socket.writable || begun) {
    socket.destroy()
    return undefined
  }
  const reason = brokenRequest(error.code)
  answerBare(socket, reason)
  return reason
}

function answerBare(socket: Duplex, reason: Refusal): void {
  const text = refusalText(reason)
  const more = Object.entries(reason.headers ?? {}).map(([name, value]) => `\r\n${name}: ${value}`)
  const head = `HTTP/1.1 ${reason.status} ${STATUS_CODES[reason.status] ?? ""}\r\nConnection: close\r\nContent-Type: application/json${more.join("")}`
  socket.on("error", () => socket.destroy())
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () => socket.destroy())
}

function brokenRequest(code: string | undefined): Refusal {
  if (code === "HPE_HEADER_OVERFLOW")
    return refusal(431, "headers_too_large", "the request line and headers are too large; send fewer or shorter ones")
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return refusal(413, "too_large", "the chunk extensions are too large")
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return refusal(408, "request_timeout", "the request did not arrive in time")
  return refusal(400, "input_invalid", "this is not a well-formed HTTP/1.1 request")
}

const noTunnel = refusal(405, "method_not_allowed", "CONNECT is for proxies; ask with POST", { Allow: "GET, HEAD, POST" })
