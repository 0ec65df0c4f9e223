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
  /** Nobody can tell: no answer came, or too many requests did. */
  | "untold"

/** A 101 has passed: whoever switches protocols has let somebody in. */
export function outcomeOf(question: Question, reply: RawReply): Outcome {
  if ("lost" in reply) return reply.lost === "closed" || reply.lost === "unreadable" ? "closed" : "untold"
  if (reply.status === 429) return "untold"
  if (reply.status !== 101 && !isSuccess(reply.status)) return "closed"
  return isShadowed(question, reply) ? "shadowed" : "passed"
}

/** What came back, in words. */
export function replyText(reply: RawReply): string {
  if ("lost" in reply) return `not at all: ${reply.why}`
  const { code } = Refused.safeParse(parsedJson(reply.body)).data ?? {}
  const view = upstreamView(reply)
  return [
    `with ${reply.status}`,
    ...(code === undefined ? [] : [`(${quoted(code)})`]),
    ...(view ? [`by the upstream, which saw ${quoted(`${view.method} ${view.url}`)}`] : []),
  ].join(" ")
}

/** The code in a body of ours, if there is one. */
export function codeIn(reply: RawReply): string | undefined {
  return "lost" in reply ? undefined : Refused.safeParse(parsedJson(reply.body)).data?.code
}

const Refused = z.object({ code: z.string().max(64) })
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
