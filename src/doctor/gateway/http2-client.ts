import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2"
import { messageOf } from "../../errors.js"
import { bodyReader } from "./body-reader.js"
import type { RawClientOptions, RawReply } from "./raw-client.js"
import type { HeaderLine, RawRequest } from "./raw-request.js"

/**
 * Sends one request over HTTP/2, and a connection of its own, and reads the answer; as soon as its head is there, what follows changes nothing of that.
 * `unspoken` when the other side says nothing by which HTTP/2 begins.
 */
export function http2Client({ origin, timeoutMs, ca, insecure }: RawClientOptions): (request: RawRequest) => Promise<RawReply> {
  return (request) =>
    new Promise((resolve) => {
      const body = bodyReader({ length: Infinity })
      let head: { readonly status: number; readonly headers: readonly HeaderLine[] } | undefined
      let isSpoken = false
      const end = (otherwise: RawReply): void => {
        clearTimeout(timer)
        session.destroy()
        if (head) resolve({ ...head, body: body.text() })
        else resolve(isSpoken ? otherwise : { lost: "unspoken", why: "HTTP/2 is not spoken" })
      }
      const closed = (thrown?: unknown): void => end({ lost: "closed", why: thrown === undefined ? "the connection was closed" : messageOf(thrown) })
      const session = connect(origin, { ...(ca !== undefined && { ca }), rejectUnauthorized: insecure !== true })
      const timer = setTimeout(() => end({ lost: "silent", why: `no whole answer came in ${timeoutMs} ms` }), timeoutMs)
      session.on("error", closed)
      session.on("close", () => closed())
      session.once("remoteSettings", () => {
        isSpoken = true
        try {
          const stream = streamOf(session, origin, request)
          stream.on("response", (headers) => (head = headOf(headers)))
          stream.on("data", (chunk: Buffer) => {
            body.read(chunk)
            if (body.isWhole()) closed()
          })
          stream.on("error", closed)
          stream.on("close", () => closed())
        } catch (thrown) {
          end({ lost: "unreadable", why: messageOf(thrown) })
        }
      })
    })
}

/** What HTTP/2 has no such headers for goes without saying. */
function streamOf(session: ClientHttp2Session, { host }: URL, { method, target, headers }: RawRequest) {
  const own = headers.map(([name, value]): HeaderLine => [name.toLowerCase().trim(), value]).filter(([name]) => !ofConnections.has(name))
  return session.request({ ":method": method, ":path": target, ":authority": host, ...Object.fromEntries(own) }, { endStream: true })
}

const ofConnections: ReadonlySet<string> = new Set(["host", "connection", "upgrade", "http2-settings"])

function headOf({ ":status": status = 0, ...headers }: IncomingHttpHeaders & IncomingHttpStatusHeader): {
  readonly status: number
  readonly headers: readonly HeaderLine[]
} {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [value].flat().map((one): HeaderLine => [name, one])))
  return { status: Number(status), headers: lines }
}
