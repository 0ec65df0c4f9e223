import { ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { refusal, refusalText, type Refusal } from "../model/refusal.js"

/** What Node says of a client error. */
export type ClientError = Pick<NodeJS.ErrnoException, "code">

/** Node tells of broken, slow and too large requests by an error and a bare socket. @returns what was answered, if anything could be */
export function answerBrokenClient(error: ClientError, socket: Duplex): Refusal | undefined {
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

/** Answers on a socket that no request stands behind, and cuts it off. */
export function answerBare(socket: Duplex, reason: Refusal): void {
  const text = refusalText(reason)
  const more = Object.entries(reason.headers ?? {}).map(([name, value]) => `\r\n${name}: ${value}`)
  const head = `HTTP/1.1 ${reason.status} ${STATUS_CODES[reason.status] ?? ""}\r\nConnection: close\r\nContent-Type: application/json${more.join("")}`
  socket.on("error", () => socket.destroy())
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () => socket.destroy())
}

/** Answered to `CONNECT`. */
export const noTunnel = refusal(405, "method_not_allowed", "CONNECT is for proxies; ask with POST", { Allow: "GET, HEAD, POST" })

function brokenRequest(code: string | undefined): Refusal {
  if (code === "HPE_HEADER_OVERFLOW")
    return refusal(431, "headers_too_large", "the request line and headers are too large; send fewer or shorter ones")
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return refusal(413, "too_large", "the chunk extensions are too large")
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return refusal(408, "request_timeout", "the request did not arrive in time")
  return refusal(400, "input_invalid", "this is not a well-formed HTTP/1.1 request")
}
