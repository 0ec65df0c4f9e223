import { readFile } from "node:fs/promises"
import { messageOf, PdpError } from "../errors.js"
import type { Timers } from "../model/timers.js"
import { unavailable } from "../model/unavailable.js"
import { ask, type HttpAnswer, type HttpTarget } from "../outgoing/index.js"

/** Where chunks are sent, and how. */
export interface UploadOptions {
  readonly target: HttpTarget
  /** A file with the bearer token; read for each upload. */
  readonly tokenFile: string | undefined
  readonly timeoutMs: number
  readonly timers: Timers
}

/** What became of an upload. */
export type UploadResult =
  | { readonly kind: "taken" }
  | { readonly kind: "too_large" }
  /** It makes no sense to the server. */
  | { readonly kind: "refused"; readonly problem: PdpError }
  /** Try it again. */
  | { readonly kind: "failed"; readonly problem: unknown; readonly waitMs?: number }

/** Sends one gzipped chunk in OPA's protocol. Never rejects. */
export async function upload({ target, tokenFile, timeoutMs, timers }: UploadOptions, bytes: Uint8Array, signal: AbortSignal): Promise<UploadResult> {
  const ending = new AbortController()
  const end = (): void => ending.abort(signal.reason)
  signal.addEventListener("abort", end, { once: true })
  const cancel = timers.after(timeoutMs, () =>
    ending.abort(unavailable(`${target.place} has not answered within ${timeoutMs} ms`, "check that it is up and reachable")),
  )
  try {
    if (signal.aborted) throw signal.reason
    const headers = {
      "user-agent": "portcullis",
      "content-type": "application/json",
      "content-encoding": "gzip",
      "content-length": String(bytes.length),
      ...(await authorizationOf(tokenFile)),
    }
    const answer = await ask({ target, method: "POST", content: bytes, headers, timeoutMs, timers, signal: ending.signal })
    await readAway(answer)
    return resultOf(target.place, answer)
  } catch (thrown) {
    return { kind: "failed", problem: ending.signal.aborted ? ending.signal.reason : thrown }
  } finally {
    cancel()
    signal.removeEventListener("abort", end)
    ending.abort()
  }
}

const mostAnswerBytes = 65_536

async function authorizationOf(tokenFile: string | undefined): Promise<{ readonly authorization?: string }> {
  if (tokenFile === undefined) return {}
  const text = await readFile(tokenFile, "utf8").catch((cause: unknown) => {
    throw new PdpError("ERR_CONFIG_INVALID", `${tokenFile} cannot be read: ${messageOf(cause)}; write the bearer token there`, { cause })
  })
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new PdpError("ERR_CONFIG_INVALID", `${tokenFile} holds no bearer token; write one there, in one line`)
  return { authorization: `Bearer ${token}` }
}

/** What a server says beside its status is of no use here, and how it ends says nothing of what it took. */
async function readAway(answer: HttpAnswer): Promise<void> {
  const body = answer.body(mostAnswerBytes)
  for (let ended = false; !ended;)
    ended = await body.next().then(
      ({ done }) => done === true,
      () => true,
    )
}

function resultOf(place: string, { status, headers }: HttpAnswer): UploadResult {
  if (status >= 200 && status < 300) return { kind: "taken" }
  if (status === 413) return { kind: "too_large" }
  const problem = unavailable(`${place} answered ${status} to decision logs`, remedyFor(status))
  if (status === 400 || status === 422) return { kind: "refused", problem }
  const seconds = Number(headers["retry-after"])
  return { kind: "failed", problem, ...(seconds > 0 && { waitMs: seconds * 1_000 }) }
}

function remedyFor(status: number): string {
  if (status === 401 || status === 403) return "check the bearer token, and that it may send logs"
  return status === 404 || status === 405 ? "check the URL: /logs is added to it" : "its own log may say why"
}
