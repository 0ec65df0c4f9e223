import type { IncomingMessage } from "node:http"
import { TLSSocket } from "node:tls"
import { messageOf } from "../errors.js"
import { refusal } from "../model/refusal.js"
import { pathSegments } from "../opa/index.js"
import { refuse } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { answerOpaError } from "./opa-answer.js"
import { authorizationEntrypoint } from "./opa-api.js"
import { keepOpaBody } from "./opa-body.js"
import { checkedJson } from "./question.js"
import { checkTrust } from "./trust.js"

/**
 * Asks the policy whether a request may be served, as OPA's `--authorization=basic` does; what is not clearly allowed is not served.
 * Its input has OPA's members: `identity` (the bearer token, or the subject of the client certificate), `method`, `path`, `params`, `headers`,
 * and of questions to the data API the `body`, for which only those are heard who may ask such questions.
 *
 * @param serve called when the policy allows it
 */
export function withConsent(context: ServerContext, exchange: Exchange, serve: () => void): void {
  const { url = "", method = "" } = exchange.request
  const [path = "", query = ""] = url.split(/\?(.*)/s, 2)
  const segments = pathSegments(path)
  if (segments === "malformed") return refuse(context, exchange, malformed)
  if (!holdsInput(method, segments)) return decide(context, exchange, inputOf(exchange.request, segments, query, none), serve)
  const wasOpa = exchange.opa
  exchange.opa = true
  const untrusted = checkTrust(context, exchange.request)
  if (untrusted) return refuse(context, exchange, untrusted)
  keepOpaBody(context, exchange, (body) => {
    if (!Buffer.isBuffer(body)) return refuse(context, exchange, body)
    const sent = body.length === 0 ? none : checkedJson(body, context.limits)
    if ("code" in sent) return refuse(context, exchange, sent)
    exchange.opa = wasOpa
    decide(context, exchange, inputOf(exchange.request, segments, query, sent), serve)
  })
}

const malformed = refusal(400, "input_invalid", "the path holds a malformed percent escape")
const none: { readonly value?: unknown } = {}

function decide(context: ServerContext, exchange: Exchange, input: object, serve: () => void): void {
  const decision = consent(context, input)
  if (decision.allowed) return serve()
  answerOpaError(context, exchange, decision.status, { code: decision.status === 401 ? "unauthorized" : "internal_error", message: decision.message })
}

type Consent = { readonly allowed: true } | { readonly allowed: false; readonly status: 401 | 500; readonly message: string }

function consent({ pdp, opa, logger }: ServerContext, input: object): Consent {
  if (!opa.has(authorizationEntrypoint)) return missing
  try {
    return consentIn(pdp.evaluate(authorizationEntrypoint, input))
  } catch (thrown) {
    logger.error({ reason: messageOf(thrown) }, "the authorization policy failed; the request is refused")
    return { allowed: false, status: 500, message: "authorization policy failed" }
  }
}

const missing: Consent = { allowed: false, status: 500, message: "authorization policy missing or undefined" }
const rejected = "request rejected by administrative policy"

function consentIn(result: unknown): Consent {
  if (result === true) return { allowed: true }
  if (result === false) return { allowed: false, status: 401, message: rejected }
  if (typeof result !== "object" || result === null || !("allowed" in result) || typeof result.allowed !== "boolean") return missing
  if (result.allowed) return { allowed: true }
  return { allowed: false, status: 401, message: "reason" in result && typeof result.reason === "string" ? result.reason : rejected }
}

/** As in OPA, and batches. */
function holdsInput(method: string, [first, second, third]: readonly string[]): boolean {
  if (method !== "POST") return false
  return first === "" || ((first === "v0" || first === "v1") && (second === "data" || (second === "batch" && third === "data")))
}

function inputOf(request: IncomingMessage, path: readonly string[], query: string, sent: { readonly value?: unknown }): object {
  const identity = identityOf(request)
  return {
    ...(identity !== undefined && { identity }),
    method: request.method ?? "",
    path,
    params: gathered([...new URLSearchParams(query)]),
    headers: headersOf(request),
    ...("value" in sent && { body: sent.value }),
  }
}

function identityOf({ headers, socket }: IncomingMessage): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? []
  if (token !== undefined) return token
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { subject } = socket.getPeerCertificate()
  return (
    subject &&
    Object.entries(subject)
      .map(([name, value]) => `${name}=${String(value)}`)
      .toReversed()
      .join(",")
  )
}

/** In Go's spelling: `X-Request-Id`. `Host` is none of them. */
function headersOf({ rawHeaders }: IncomingMessage): object {
  const pairs: (readonly [string, string])[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
    if (name !== "Host") pairs.push([name, rawHeaders[at + 1] ?? ""])
  }
  return gathered(pairs)
}

function gathered(pairs: readonly (readonly [string, string])[]): object {
  const lists = new Map<string, string[]>()
  for (const [name, value] of pairs) lists.set(name, [...(lists.get(name) ?? []), value.toWellFormed()])
  return Object.fromEntries(lists)
}
