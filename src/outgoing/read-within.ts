import type { IncomingHttpHeaders } from "node:http"
import { PdpError } from "../errors.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import { unavailable } from "../model/unavailable.js"
import { ask } from "./http-answer.js"
import type { HttpTarget } from "./http-target.js"

/** A small answer to ask for. */
export interface SmallQuestion {
  readonly target: HttpTarget
  readonly headers: Readonly<Record<string, string>>
  /** Posted; absent: GET. */
  readonly content?: string
  /** For everything together. */
  readonly timeoutMs: number
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers | undefined
  /** Ends it, with its own reason. */
  readonly signal?: AbortSignal | undefined
  /** Default 1 MiB. */
  readonly mostBytes?: number
  /** Looks at the head before the body is read, and throws when the body is not wanted. */
  readonly onHead?: (head: AnswerHead) => void
}

/** How an answer begins. */
export interface AnswerHead {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** A complete answer, whatever its status. */
export interface SmallAnswer extends AnswerHead {
  readonly bytes: Buffer
}

/**
 * Asks for a small answer over a connection of its own, complete within a time. Redirects are not followed.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when no complete answer of at most `mostBytes` comes in time; the reason of the signal; what `onHead` throws
 */
export async function readWithin(question: SmallQuestion): Promise<SmallAnswer> {
  const { target, headers, content, timeoutMs, timers = unrefTimers, signal, mostBytes = 1024 * 1024, onHead } = question
  signal?.throwIfAborted()
  const ending = new AbortController()
  const end = (): void => ending.abort(signal?.reason)
  signal?.addEventListener("abort", end)
  const cancel = timers.after(timeoutMs, () =>
    ending.abort(unavailable(`${target.place} has not answered completely within ${timeoutMs} ms`, "check that it is up and reachable")),
  )
  try {
    const sent = { ...plainHeaders, ...headers }
    const posted = content === undefined ? {} : ({ method: "POST", content } as const)
    const answer = await ask({ target, headers: sent, timeoutMs, timers, signal: ending.signal, ...posted })
    const head = { status: answer.status, headers: answer.headers }
    onHead?.(head)
    return { ...head, bytes: await allOf(answer.body(mostBytes), `${target.place} answered ${answer.status}`) }
  } catch (thrown) {
    throw ending.signal.aborted ? ending.signal.reason : thrown
  } finally {
    cancel()
    signal?.removeEventListener("abort", end)
    ending.abort()
  }
}

/** Nothing packed: what is sent is what is counted. */
const plainHeaders = { "user-agent": "portcullis", accept: "application/json", "accept-encoding": "identity" } as const

async function allOf(body: AsyncIterable<Uint8Array>, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
  } catch (thrown) {
    if (!(thrown instanceof PdpError)) throw thrown
    throw unavailable(`${what}, and not completely: ${thrown.message}`, "check the URL and the server", thrown)
  }
  return Buffer.concat(chunks)
}
