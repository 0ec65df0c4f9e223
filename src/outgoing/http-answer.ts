import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from "node:http"
import { request as requestSecure } from "node:https"
import { messageOf, PdpError } from "../errors.js"
import type { HttpTarget } from "./http-target.js"
import { tlsProblem } from "./tls-problem.js"
import type { Timers } from "../model/timers.js"
import { unavailable } from "../model/unavailable.js"

/** What to ask, and how long to wait. */
export interface HttpQuestion {
  readonly target: HttpTarget
  /** Default: GET. */
  readonly method?: "GET" | "POST"
  /** Sent with a POST. */
  readonly content?: string | Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** For the head of the answer, from the resolution of the name on, and for each further 64 KiB of its body. */
  readonly timeoutMs: number
  /** Longer, for the head of the answer alone: the server may hold it back. Default: `timeoutMs`. */
  readonly headTimeoutMs?: number
  /** Of the body, each minute: whoever sends pieces now and then must not keep us waiting for ever. Default: no matter. */
  readonly leastBytesPerMinute?: number
  readonly timers: Timers
  /** Ends the request, at any moment. */
  readonly signal: AbortSignal
}

/** The head of an answer, and the body as it arrives. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Read once. Fails when the body has more bytes, is cut off, or takes too long. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  body(mostBytes: number): AsyncGenerator<Uint8Array, undefined>
}

/**
 * Sends one request over a connection of its own. Redirects are not followed.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when no answer comes in time
 */
export async function ask(question: HttpQuestion): Promise<HttpAnswer> {
  const { target } = question
  const message = await headOf(question).catch((thrown: unknown) => {
    throw requestProblem(target, thrown)
  })
  return { status: message.statusCode ?? 0, headers: message.headers, body: (mostBytes) => bodyOf(question, message, mostBytes) }
}

const pieceBytes = 64 * 1024

function headOf({
  target,
  method = "GET",
  content,
  headers,
  timeoutMs,
  headTimeoutMs = timeoutMs,
  timers,
  signal,
}: HttpQuestion): Promise<IncomingMessage> {
  const { url, place, lookup } = target
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestSecure : requestPlain
    // A pooled connection would not have been looked up by us.
    const request = send(url, { method, agent: false, headers, lookup, signal, insecureHTTPParser: false })
    const cancel = timers.after(headTimeoutMs, () =>
      request.destroy(unavailable(`${place} has not answered within ${headTimeoutMs} ms`, "check that it is up and reachable")),
    )
    request.on("response", (message) => {
      cancel()
      resolve(message)
    })
    request.on("error", reject)
    request.on("close", () => {
      cancel()
      reject(unavailable(`${place} closed the connection without an answer`, "its own log may say why"))
    })
    request.end(content)
  })
}

async function* bodyOf(
  { target, timeoutMs, leastBytesPerMinute, timers }: HttpQuestion,
  message: IncomingMessage,
  mostBytes: number,
): AsyncGenerator<Uint8Array, undefined> {
  const { place } = target
  const tooLarge = (bytes: number): PdpError =>
    unavailable(`${place} sends ${bytes} bytes or more, and ${mostBytes} are allowed`, "serve less, or allow more")
  const announced = Number(message.headers["content-length"] ?? 0)
  if (announced > mostBytes) throw tooLarge(announced)
  const late = (): PdpError =>
    unavailable(`${place} sent less than ${pieceBytes} bytes of its answer within ${timeoutMs} ms`, "check the server and the network")
  const parts: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]()
  let bytes = 0
  const watch = (before: number): (() => void) =>
    timers.after(60_000, () => {
      if (bytes - before < (leastBytesPerMinute ?? 0))
        message.destroy(unavailable(`${place} sent ${bytes - before} bytes of its answer in a minute`, "check the server and the network"))
      else unwatch = watch(bytes)
    })
  let unwatch = leastBytesPerMinute === undefined ? () => undefined : watch(0)
  try {
    for (let ended = false; !ended;) {
      const cancel = timers.after(timeoutMs, () => message.destroy(late()))
      const piece = await nextPiece(parts).finally(cancel)
      ended = piece.ended
      bytes += piece.chunk.length
      if (bytes > mostBytes) throw tooLarge(bytes)
      if (piece.chunk.length > 0) yield piece.chunk
    }
  } catch (thrown) {
    throw requestProblem(target, thrown)
  } finally {
    unwatch()
  }
  if (!message.complete) throw unavailable(`${place} was cut off after ${bytes} bytes`, "check the server and the network")
}

/** 64 KiB at once: a server that sends single bytes must not cost a look at the line for each. */
async function nextPiece(parts: AsyncIterator<Uint8Array>): Promise<{ readonly chunk: Uint8Array; readonly ended: boolean }> {
  const received: Uint8Array[] = []
  let bytes = 0
  while (bytes < pieceBytes) {
    const part = await parts.next()
    if (part.done === true) return { chunk: Buffer.concat(received, bytes), ended: true }
    received.push(part.value)
    bytes += part.value.length
  }
  return { chunk: Buffer.concat(received, bytes), ended: false }
}

function requestProblem({ place, url }: HttpTarget, thrown: unknown): PdpError {
  if (thrown instanceof PdpError) return thrown
  const tls = tlsProblem(url, thrown)
  if (tls) return unavailable(`${place} cannot be read: ${tls.problem}`, tls.remedy, thrown)
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : ""
  const text = messageOf(thrown)
  const why = text.includes(code) ? text : `${code} ${text}`.trim()
  // Parse errors carry the bytes of the answer, which may repeat what was sent.
  const cause = typeof thrown === "object" && thrown !== null && "rawPacket" in thrown ? undefined : thrown
  return unavailable(`${place} cannot be read: ${why}`, "check the address, the network and, for https, the certificate", cause)
}
