import { PdpError } from "../errors.js"
import { unrefTimers } from "../model/timers.js"
import { unavailable } from "../model/unavailable.js"
import { ask, httpTarget, resolveHost } from "../outgoing/index.js"
import type { LoginHooks } from "./hooks.js"

/** What to ask: a form is posted, else the URL is read. */
export interface TextQuestion {
  /** https, or http on this machine. */
  readonly url: string | URL
  readonly form?: Readonly<Record<string, string>>
  readonly hooks?: LoginHooks
}

/** A complete answer, whatever its status. */
export interface TextAnswer {
  /** The URL for messages, without what may be secret. */
  readonly place: string
  readonly status: number
  /** Its media type, as sent. */
  readonly type: string
  /** True when it names another place; redirects are not followed. */
  readonly redirects: boolean
  readonly bytes: Buffer
}

/**
 * Asks for a small text over a connection of its own. Redirects are not followed, and nothing goes over plain HTTP to another machine.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the URL may not be asked, `ERR_SOURCE_UNAVAILABLE` when no complete answer of at most 1 MiB comes in time
 */
export async function askText({ url, form, hooks = {} }: TextQuestion): Promise<TextAnswer> {
  const { timeoutMs = 30_000, resolve = resolveHost, timers = unrefTimers, signal } = hooks
  signal?.throwIfAborted()
  const target = httpTarget(url, resolve)
  const { place } = target
  const ending = new AbortController()
  const end = (): void => ending.abort(signal?.reason)
  signal?.addEventListener("abort", end)
  const cancel = timers.after(timeoutMs, () =>
    ending.abort(unavailable(`${place} has not answered completely within ${timeoutMs} ms`, "check that it is up and reachable")),
  )
  try {
    const headers = { "user-agent": "portcullis", accept: "application/json", "accept-encoding": "identity", ...(form && formHeaders) }
    const posted = form && ({ method: "POST", content: new URLSearchParams(form).toString() } as const)
    const answer = await ask({ target, headers, timeoutMs, timers, signal: ending.signal, ...posted })
    const bytes = await read(answer.body(mostBytes), place, answer.status)
    const { "content-type": type = "", location } = answer.headers
    return { place, status: answer.status, type, redirects: location !== undefined, bytes }
  } catch (thrown) {
    throw ending.signal.aborted ? ending.signal.reason : thrown
  } finally {
    cancel()
    signal?.removeEventListener("abort", end)
    ending.abort()
  }
}

const formHeaders = { "content-type": "application/x-www-form-urlencoded" } as const
const mostBytes = 1024 * 1024

async function read(body: AsyncIterable<Uint8Array>, place: string, status: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
  } catch (thrown) {
    if (!(thrown instanceof PdpError)) throw thrown
    throw unavailable(`${place} answered ${status}, and not completely: ${thrown.message}`, "check the URL and the server", thrown)
  }
  return Buffer.concat(chunks)
}
