import { packageVersion } from "../../model/package-version.js"
import { kindOf, type GatewayKind } from "./gateway-kind.js"
import type { Question } from "./question.js"
import type { RawReply } from "./raw-client.js"
import type { HeaderLine, RawRequest } from "./raw-request.js"
import { remedyFor, type Topic } from "./remedies.js"

/** What probing goes through. */
export interface Probing {
  /** Sends a request, at most {@link mostRequests} in all and {@link mostAtOnce} at a time. */
  readonly ask: (question: Question) => Promise<RawReply>
  /** What to do about it, at this kind of gateway. */
  readonly remedy: (topic: Topic) => string
  /** As it was named, or as the gateway said so far. */
  readonly kind: () => GatewayKind | undefined
  readonly origin: URL
  readonly hasToken: boolean
  /** True for the `Authorization` header with the operator's token. */
  readonly isToken: (authorization: string) => boolean
  /** What the names of identity headers begin with. */
  readonly headerPrefix: string
  /** What is written into headers to see whether it arrives. No sidecar gives it. */
  readonly marker: string
}

/** How to probe. */
export interface ProbingOptions {
  readonly send: (request: RawRequest) => Promise<RawReply>
  /** The same over HTTP/2. Default: it is not spoken. */
  readonly sendOverHttp2?: (request: RawRequest) => Promise<RawReply>
  readonly origin: URL
  readonly token?: string | undefined
  readonly kind?: GatewayKind | undefined
  readonly headerPrefix: string
  readonly marker: string
  /** No further requests once it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** How many requests an examination sends at most. */
export const mostRequests = 700
/** How many of them at the same time. */
export const mostAtOnce = 4

export function probing(options: ProbingOptions): Probing {
  const { send, sendOverHttp2 = notSpoken, origin, token, headerPrefix, marker, signal } = options
  const take = turns(mostAtOnce)
  let { kind } = options
  let sent = 0
  const kindSoFar = (): GatewayKind | undefined => kind
  return {
    async ask(question) {
      if (signal?.aborted) return { lost: "unsent", why: "it was interrupted" }
      if (sent >= mostRequests) return { lost: "unsent", why: `${mostRequests} requests were sent, and no more are` }
      sent++
      const reply = await take(() => (question.isOverHttp2 ? sendOverHttp2 : send)(rawRequest(question, origin, token)))
      kind ??= kindOf(reply)
      return reply
    },
    remedy: (topic) => remedyFor(topic, kind, headerPrefix),
    kind: kindSoFar,
    origin,
    hasToken: token !== undefined,
    isToken: (authorization) => token !== undefined && authorization === `Bearer ${token}`,
    headerPrefix,
    marker,
  }
}

async function notSpoken(): Promise<RawReply> {
  return { lost: "unspoken", why: "HTTP/2 is not spoken" }
}

/** Headers of the question stand in the place of those that every request has. */
function rawRequest(
  { as, method = "GET", target, headers = [], connection = "close" }: Question,
  origin: URL,
  token: string | undefined,
): RawRequest {
  const authorizations = as.map((one): HeaderLine => ["Authorization", `Bearer ${one === "token" ? (token ?? "") : spoilt(token)}`])
  const usual: readonly HeaderLine[] = [
    ["Host", origin.host],
    ["User-Agent", `portcullis-doctor/${packageVersion()}`],
    ["Accept", "*/*"],
    ["Connection", connection],
  ]
  const own = new Set(headers.map(([name]) => name))
  return { method, target, headers: [...usual.filter(([name]) => !own.has(name)), ...authorizations, ...headers] }
}

/** A token with another signature, so that it says who asks, and proves nothing; one that nobody knows when there is none. */
function spoilt(token: string | undefined): string {
  const [header, claims, signature = ""] = token?.split(".") ?? []
  if (header === undefined || claims === undefined) return "portcullis-doctor"
  const reversed = [...signature].toReversed().join("")
  return [header, claims, reversed === signature ? `${signature}AAAA` : reversed].join(".")
}

/** Does so many things at a time, and the others in turn. */
function turns(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let free = most
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
