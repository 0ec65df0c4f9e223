// The service behind the gateway: says what reaches it. node examples/gateways/upstream.mjs [PORT]
import { createHash } from "node:crypto"
import { createServer } from "node:http"
import { pathToFileURL } from "node:url"

/**
 * Answers every request with what it saw: `{ method, url, headers }`, where `headers` are pairs as they came, duplicates and cases kept.
 * A WebSocket is accepted; its first message says the same, and the others are what the client sends.
 *
 * @returns {import("node:http").Server}
 */
export function makeUpstream() {
  const server = createServer((request, response) => {
    request.resume()
    request.once("end", () => {
      response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" })
      response.end(`${JSON.stringify(seen(request))}\n`)
    })
  })
  // All of them: Node drops headers beyond 1,000 and says nothing, and what gateways add may come last.
  server.maxHeadersCount = 0
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy())
    const key = request.headers["sec-websocket-key"]
    if (request.headers.upgrade?.toLowerCase() !== "websocket" || key === undefined)
      return socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.write(frame(JSON.stringify(seen(request))))
    echoFrames(socket, head)
  })
  return server
}

function seen({ method, url, rawHeaders }) {
  const headers = []
  for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at], rawHeaders[at + 1]])
  return { method, url, headers }
}

/** A whole message of text (RFC 6455, section 5.2). */
function frame(text) {
  const payload = Buffer.from(text)
  const length = payload.length < 126 ? Buffer.from([payload.length]) : Buffer.from([126, payload.length >> 8, payload.length & 255])
  return Buffer.concat([Buffer.from([0x81]), length, payload])
}

/** Sends back messages of up to 125 bytes; anything else ends the connection. */
function echoFrames(socket, head) {
  let pending = head
  const read = (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 6 && pending.length >= 6 + (pending[1] & 127)) {
      const length = pending[1] & 127
      if (pending[0] !== 0x81 || length > 125) return socket.end()
      const mask = pending.subarray(2, 6)
      const text = Buffer.from(pending.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]))
      socket.write(frame(text.toString()))
      pending = pending.subarray(6 + length)
    }
  }
  read(Buffer.alloc(0))
  socket.on("data", read)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const port = Number(process.argv[2] ?? 8000)
  makeUpstream().listen(port, "127.0.0.1", () => process.stdout.write(`upstream http://127.0.0.1:${port}\n`))
}
