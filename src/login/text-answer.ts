import { httpTarget, readWithin, resolveHost } from "../outgoing/index.js"
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
  const { timeoutMs = 30_000, resolve = resolveHost, timers, signal } = hooks
  signal?.throwIfAborted()
  const target = httpTarget(url, resolve)
  const posted = form && { headers: formHeaders, content: new URLSearchParams(form).toString() }
  const { status, headers, bytes } = await readWithin({ target, timeoutMs, timers, signal, headers: {}, ...posted })
  const { "content-type": type = "", location } = headers
  return { place: target.place, status, type, redirects: location !== undefined, bytes }
}

const formHeaders = { "content-type": "application/x-www-form-urlencoded" } as const
