import type { IncomingMessage } from "node:http"
import { gunzip } from "node:zlib"
import { refusal, type Refusal } from "../model/refusal.js"
import { tooLarge } from "./refusal.js"

/**
 * Reads a body of at most `limit` bytes, inflating gzip (to at most `limit` bytes, too).
 * What comes beyond is read away, so that the caller can read the answer; a caller who goes on regardless is cut off.
 *
 * @param done called once with the bytes or the refusal; never called when the caller goes away
 */
export function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | Refusal) => void): void {
  const encoding = request.headers["content-encoding"]?.toLowerCase()
  if (encoding !== undefined && encoding !== "gzip" && encoding !== "identity") return done(unsupported(request, encoding))
  if (Number(request.headers["content-length"] ?? 0) > limit) return done(drained(request, tooLarge(limit)))
  let first: Buffer | undefined
  let chunks: Buffer[] | undefined
  let size = 0
  let refused = false
  request.on("data", (chunk: Buffer) => {
    if (refused) return
    size += chunk.length
    if (size > limit) {
      refused = true
      first = chunks = undefined
      return done(drained(request, tooLarge(limit)))
    }
    if (!first) first = chunk
    else if (!chunks) chunks = [first, chunk]
    else chunks.push(chunk)
  })
  request.on("end", () => {
    if (refused) return
    const body = chunks ? Buffer.concat(chunks) : (first ?? empty)
    if (encoding !== "gzip") return done(body)
    inflate(body, limit, (inflated) => {
      if (!request.socket.destroyed) done(inflated)
    })
  })
}

const empty = Buffer.alloc(0)
const drainLimitBytes = 33_554_432

/** Reads a body away that nobody wants, so that the caller can read the answer; one who goes on and on is cut off. */
export function drainBody(request: IncomingMessage): void {
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > drainLimitBytes) request.destroy()
  })
}

function drained(request: IncomingMessage, reason: Refusal): Refusal {
  drainBody(request)
  return reason
}

function unsupported(request: IncomingMessage, encoding: string): Refusal {
  const message = `Content-Encoding '${encoding.slice(0, 32)}' is not supported; send gzip or none`
  return drained(request, refusal(415, "unsupported_encoding", message, { "Accept-Encoding": "gzip" }))
}

function inflate(body: Buffer, limit: number, done: (body: Buffer | Refusal) => void): void {
  gunzip(body, { maxOutputLength: limit }, (error, inflated) => {
    if (!error) return done(inflated)
    const large = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
    done(large ? tooLarge(limit) : refusal(400, "input_invalid", `the body is not gzip: ${error.message}`))
  })
}
