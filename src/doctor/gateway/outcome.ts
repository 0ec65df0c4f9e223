import { z } from "zod"
import { parsedJson } from "../../model/parsed-json.js"
import { quoted } from "../finding.js"
import type { Question } from "./question.js"
import { valuesOf, type RawAnswer } from "./raw-answer.js"
import type { RawReply } from "./raw-client.js"
import { canonicalName, isSuccess, upstreamView } from "./upstream-view.js"

/** What became of a request. */
export type Outcome =
  /** Somebody refused it. */
  | "closed"
  | "passed"
  /** It passed, and a sidecar says that it only did because of shadow mode. */
  | "shadowed"
  /** Nobody can tell: no answer came, too many requests did, or what came may be the service's as well as the gateway's, such as a 404 or a redirect. */
  | "untold"

/** A 101 has passed: whoever switches protocols has let somebody in. What is neither that nor a refusal proves nothing. */
export function outcomeOf(question: Question, reply: RawReply): Outcome {
  if ("lost" in reply) return reply.lost === "closed" ? "closed" : "untold"
  if (reply.status === 101 || isSuccess(reply.status)) return isShadowed(question, reply) ? "shadowed" : "passed"
  return isRefusal(question, reply) ? "closed" : "untold"
}

/** True when nothing passed, for want of somebody to decide. No answer at all is as closed as an error is. */
export function isClosedInOutage(question: Question, reply: RawReply): boolean {
  if ("lost" in reply) return reply.lost !== "unsent" && reply.lost !== "unreadable"
  return reply.status >= 500 || outcomeOf(question, reply) === "closed"
}

/** What came back, in words. */
export function replyText(reply: RawReply): string {
  if ("lost" in reply) return `not at all: ${reply.why}`
  const { code } = RefusalBody.safeParse(parsedJson(reply.body)).data ?? {}
  const view = upstreamView(reply)
  return [
    `with ${reply.status}`,
    ...(code === undefined ? [] : [`(${quoted(code)})`]),
    ...(view ? [`by the upstream, which saw ${quoted(`${view.method} ${view.url}`)}`] : []),
  ].join(" ")
}

/** The code in a body of ours, if there is one. */
export function codeIn(reply: RawReply): string | undefined {
  return "lost" in reply ? undefined : RefusalBody.safeParse(parsedJson(reply.body)).data?.code
}

const RefusalBody = z.object({ code: z.string().max(64) })
/** A gateway says these itself of requests that it does not take, beside the 401 and 403 of the sidecar. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403, 414, 421, 426, 431, 501, 505])
/** What is said in the place of a decision that could not be made. */
const undecided: ReadonlySet<string> = new Set(["pdp_unavailable", "pdp_not_ready", "pdp_stale", "overloaded", "internal_error", "idp_unavailable"])

/** A server that does not know `TRACE` says 405, NGINX always; and what `TRACE` would give away is the request itself, with 200. */
function isRefusal({ method }: Question, answer: RawAnswer): boolean {
  if (refusals.has(answer.status) || (method === "TRACE" && answer.status === 405)) return true
  return answer.status >= 500 && undecided.has(codeIn(answer) ?? "")
}

const shadowName = "x-portcullis-shadow"

/** What a sidecar says, not what the client did. */
function isShadowed({ headers = [] }: Question, answer: RawAnswer): boolean {
  if (headers.some(([name]) => canonicalName(name) === shadowName)) return false
  const seen =
    upstreamView(answer)
      ?.headers.filter(([name]) => name.toLowerCase() === shadowName)
      .map(([, value]) => value) ?? []
  return [...valuesOf(answer, shadowName), ...seen].some((value) => /^(?:denied|failed)\b/.test(value))
}
