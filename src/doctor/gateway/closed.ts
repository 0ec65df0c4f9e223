import { failed, passed } from "../finding.js"
import { warned, type GatewayCheck, type GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText, type Outcome } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { RawReply } from "./raw-client.js"
import { otherSpelling } from "./redirection.js"
import type { Topic } from "./remedies.js"
import type { Guarded } from "./stage.js"

/** A request that must not pass. */
export interface Attempt {
  readonly question: Question
  /** The path that it tries to get to. */
  readonly path: string
  readonly topic: Topic
  /** It may be meant to pass. */
  readonly isMeant?: true
  /** Asks the same as somebody who may. Where he gets the same answer, and it is none of a service that he gets to, nothing is there to get at. */
  readonly control?: Question
}

/** Tries the same with each guarded path. @param how without the caller */
export function attemptsOn(guarded: readonly Guarded[], topic: Topic, how: (guarded: Guarded) => readonly Partial<Question>[]): readonly Attempt[] {
  return guarded.flatMap((one) => how(one).map((question) => ({ question: { as: one.as, target: one.path, ...question }, path: one.path, topic })))
}

/** Sends requests that must not pass, and says which did. @param about what they have in common @returns nothing when there are none */
export async function findPassed(
  probing: Probing,
  check: GatewayCheck,
  about: string,
  attempts: readonly Attempt[],
): Promise<readonly GatewayFinding[]> {
  if (attempts.length === 0) return []
  const tried = await Promise.all(attempts.map((attempt) => tryOne(probing, attempt)))
  const of = (outcome: Outcome): readonly Tried[] => tried.filter((one) => one.outcome === outcome)
  const open = of("passed").map(({ question, reply, topic, isMeant }) => {
    const [text, remedy] = [`${said(question)}: answered ${replyText(reply)}`, probing.remedy(topic)]
    return isMeant ? warned(check, "preflight", text, remedy) : failed(check, text, remedy)
  })
  const findings = [...open, ...shadowFindings(check, of("shadowed"), tried.length), ...untoldFindings(probing, check, of("untold"), tried.length)]
  const closed = of("closed").length
  return findings.length > 0 ? findings : [passed(check, `${about}: ${closed} requests by ${methodsOf(attempts)}, none passed`)]
}

interface Tried extends Attempt {
  readonly reply: RawReply
  readonly outcome: Outcome
}

async function tryOne(probing: Probing, attempt: Attempt): Promise<Tried> {
  const { question, path } = attempt
  const reply = await probing.ask(question)
  const spelling = otherSpelling(reply, probing.origin, path)
  if (spelling === undefined) {
    const outcome = outcomeOf(question, reply)
    return { ...attempt, reply, outcome: outcome === "untold" && (await leadsNowhere(probing, attempt, reply)) ? "closed" : outcome }
  }
  const onward = { as: question.as, target: spelling }
  const next = await probing.ask(onward)
  return { ...attempt, question: onward, reply: next, outcome: outcomeOf(onward, next) }
}

/** That an answer proves nothing is no matter where it is all that there is to get. */
async function leadsNowhere(probing: Probing, { control }: Attempt, reply: RawReply): Promise<boolean> {
  if ("lost" in reply || reply.status >= 429 || !control) return false
  const ofControl = await probing.ask(control)
  return !("lost" in ofControl) && ofControl.status === reply.status
}

/** What is proven is proven of these alone. */
function methodsOf(attempts: readonly Attempt[]): string {
  return [...new Set(attempts.map(({ question: { method = "GET" } }) => method))].join(", ")
}

function shadowFindings(check: GatewayCheck, shadowed: readonly Tried[], all: number): readonly GatewayFinding[] {
  const [first] = shadowed
  if (!first) return []
  const detail = `${shadowed.length} of ${all} requests passed in shadow mode, such as ${said(first.question)}`
  return [warned(check, "shadow", detail, "nothing is enforced there until gateway.shadow is off")]
}

/** What may have passed, or was not even looked at, proves nothing, and is wrong until somebody has looked. */
function untoldFindings(probing: Probing, check: GatewayCheck, untold: readonly Tried[], all: number): readonly GatewayFinding[] {
  return untoldTopics.flatMap((topic) => {
    const some = untold.filter(({ reply }) => untoldTopic(reply) === topic)
    if (some.length === 0) return []
    const examples = some.slice(0, mostExamples).map(({ question, reply }) => `${said(question)} was answered ${replyText(reply)}`)
    return [failed(check, `${some.length} of ${all} requests were not judged: ${examples.join("; ")}`, probing.remedy(topic))]
  })
}

const untoldTopics = ["limits", "silence", "untold"] as const
const mostExamples = 3

/** Why nobody can tell what became of a request. */
export function untoldTopic(reply: RawReply): (typeof untoldTopics)[number] {
  if ("lost" in reply) return reply.lost === "unsent" ? "limits" : "silence"
  return reply.status === 429 ? "limits" : "untold"
}
