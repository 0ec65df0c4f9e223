import type { Command } from "commander"
import { randomUUID } from "node:crypto"
import type { z } from "zod"
import type { Operation } from "../administration/index.js"
import { messageOf, PdpError } from "../errors.js"
import { parsedJson } from "../model/parsed-json.js"
import { printable } from "../model/printable.js"
import { answerText, tlsProblem } from "../outgoing/index.js"
import { apiTarget, type ApiOptions, type ApiTarget } from "./api-options.js"
import { codeIn, refusal } from "./api-refusal.js"
import { authorizationHeader, identityHeaders } from "./identity.js"
import type { Terminal } from "./terminal.js"

/** One call of the administration API. */
export interface ApiRequest {
  readonly operation: Operation
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: object
}

/** Asks a sidecar. */
export interface ApiClient {
  readonly target: ApiTarget
  /**
   * Sends a request. A 503 and a lost connection are tried again, a few times; creations with the same idempotency key, deletions only when
   * the sidecar said that it did nothing. A login that the sidecar finds expired is refreshed once.
   *
   * @throws {PdpError} what the sidecar refused, with what to do about it, and `ERR_SOURCE_UNAVAILABLE` when it cannot be asked
   */
  send<Body>(request: ApiRequest, answer: z.ZodType<Body>): Promise<Body>
}

/** The client for what flags, environment and stored logins name; wrong usage ends the command. What is tried again is said on the terminal. */
export async function apiClient(options: ApiOptions, command: Command, terminal: Terminal): Promise<ApiClient> {
  const target = await apiTarget(options, command, terminal)
  return {
    target,
    async send(request, schema) {
      const url = urlOf(target, request)
      const { status, text } = await sendAsSomebody(target, url, initOf(request), terminal)
      if (status < 200 || status > 299) throw await refusal(target, request.operation, status, text)
      const { data } = schema.safeParse(parsedJson(text))
      if (data === undefined)
        throw new PdpError("ERR_SOURCE_UNAVAILABLE", `${url} answered ${status} with something else than is due; is it a Portcullis sidecar?`)
      return data
    },
  }
}

const mostAttempts = 4
const firstPauseMs = 250
const longestPauseMs = 10_000
/** A write may wait for its propagation. */
const timeoutMs = 60_000
/** A page of a thousand rows has less. */
const mostBytes = 32 * 1024 * 1024

interface SentRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer, or why there is none. */
type Outcome = Answered | { readonly lost: string; readonly cause: unknown; readonly mayHaveArrived: boolean; readonly mayTryAgain: boolean }

interface Answered {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

async function sendAsSomebody({ identity }: ApiTarget, url: string, init: SentRequest, terminal: Terminal): Promise<Answered> {
  const signed = (headers: Readonly<Record<string, string>>): SentRequest => ({ ...init, headers: { ...init.headers, ...headers } })
  const answer = await sendUntilAnswered(url, signed(await identityHeaders(identity)), terminal)
  if (identity.kind !== "token" || answer.status !== 401 || codeIn(answer.text) !== "token_expired") return answer
  const another = await identity.renewed()
  return another === undefined ? answer : sendUntilAnswered(url, signed(authorizationHeader(another)), terminal)
}

async function sendUntilAnswered(url: string, init: SentRequest, terminal: Terminal): Promise<Answered> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await sendOnce(url, init)
    const pauseMs = attempt < mostAttempts ? pauseAfter(outcome, attempt) : undefined
    if (pauseMs === undefined) {
      if ("lost" in outcome) throw unreachable(url, outcome)
      return outcome
    }
    const what = "lost" in outcome ? outcome.lost : `the sidecar answered ${outcome.status}`
    terminal.err(`portcullis: ${what}; trying again in ${pauseMs / 1_000} s\n`)
    await terminal.pause(pauseMs)
  }
}

async function sendOnce(url: string, init: SentRequest): Promise<Outcome> {
  try {
    const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(timeoutMs) })
    return { status: response.status, text: await answerText(response, mostBytes), headers: response.headers }
  } catch (cause) {
    const code = codeOf(cause)
    const broke = /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code)
    return {
      lost: reasonOf(cause),
      cause,
      mayHaveArrived: init.method !== "GET" && code !== "ECONNREFUSED" && code !== "ENOTFOUND",
      mayTryAgain: broke && init.method !== "DELETE",
    }
  }
}

/** How long to wait before the next attempt; undefined when there is to be none. */
function pauseAfter(outcome: Outcome, attempt: number): number | undefined {
  const pauseMs = firstPauseMs * 2 ** (attempt - 1)
  if ("lost" in outcome) return outcome.mayTryAgain ? pauseMs : undefined
  if (outcome.status !== 503 || outcome.headers.get("x-should-retry") === "false") return undefined
  const wanted = Number(outcome.headers.get("Retry-After") ?? Number.NaN) * 1_000
  if (Number.isNaN(wanted)) return pauseMs
  return wanted <= longestPauseMs ? Math.max(wanted, pauseMs) : undefined
}

function unreachable(url: string, { lost, cause, mayHaveArrived }: Extract<Outcome, { readonly lost: string }>): PdpError {
  const tls = tlsProblem(url, cause)
  if (tls) return new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot ask ${url}: ${tls.problem}; ${tls.remedy}`, { cause })
  const remedy = mayHaveArrived
    ? "it may have been done: look before you try again"
    : "start a sidecar with 'portcullis serve', or name another one with --url or PORTCULLIS_URL"
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot ask ${url}: ${lost}; ${remedy}`, { cause })
}

function initOf({ operation, body }: ApiRequest): SentRequest {
  return {
    method: operation.method,
    headers: {
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
      ...(operation.method === "POST" && { "Idempotency-Key": randomUUID() }),
    },
    ...(body && { body: JSON.stringify(body) }),
  }
}

function urlOf({ url }: ApiTarget, { operation, query = {} }: ApiRequest): string {
  if (operation.path.split("/").some((segment, at) => at > 0 && /^\.{0,2}$/.test(segment)))
    throw new PdpError("ERR_INPUT_INVALID", "a name is empty, '.' or '..', which no path can hold; correct it")
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `${url}${operation.path}${given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`}`
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
  return printable(messageOf(cause) || codeOf(thrown))
}

function codeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
}
