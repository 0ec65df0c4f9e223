import { holds, unexamined, warned, wrong, type GatewayCheck, type GatewayFinding } from "./gateway-finding.js"
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
}

/** Tries the same with each guarded path. @param how without the caller */
export function attemptsOn(
  guarded: readonly Guarded[],
  topic: Topic,
  how: (guarded: Guarded) => readonly (Omit<Question, "as" | "target"> & Partial<Question>)[],
): readonly Attempt[] {
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
  const passed = of("passed").map(({ question, reply, topic }) =>
    wrong(check, `${said(question)}: answered ${replyText(reply)}`, probing.remedy(topic)),
  )
  const findings = [...passed, ...shadowFindings(check, of("shadowed"), tried.length), ...untoldFindings(probing, check, of("untold"), tried.length)]
  const closed = of("closed").length
  return findings.length > 0 ? findings : [holds(check, `${about}: ${closed} requests, none passed`)]
}

interface Tried extends Attempt {
  readonly reply: RawReply
  readonly outcome: Outcome
}

async function tryOne(probing: Probing, attempt: Attempt): Promise<Tried> {
  const { question, path } = attempt
  const reply = await probing.ask(question)
  const spelling = otherSpelling(reply, probing.origin, path)
  if (spelling === undefined) return { ...attempt, reply, outcome: outcomeOf(question, reply) }
  const onward = { as: question.as, target: spelling }
  const next = await probing.ask(onward)
  return { ...attempt, question: onward, reply: next, outcome: outcomeOf(onward, next) }
}

function shadowFindings(check: GatewayCheck, shadowed: readonly Tried[], all: number): readonly GatewayFinding[] {
  const [first] = shadowed
  if (!first) return []
  const detail = `${shadowed.length} of ${all} requests passed in shadow mode, such as ${said(first.question)}`
  return [warned(check, "shadow", detail, "nothing is enforced there until gateway.shadow is off")]
}

/** That nothing came back within the time is the gateway's affair; what was not even looked at proves nothing. */
function untoldFindings(probing: Probing, check: GatewayCheck, untold: readonly Tried[], all: number): readonly GatewayFinding[] {
  const isSilent = ({ reply }: Tried): boolean => "lost" in reply && reply.lost !== "unsent"
  const [silent, unjudged] = [untold.filter(isSilent), untold.filter((one) => !isSilent(one))]
  const text = ([first]: readonly Tried[], many: number): string =>
    `${many} of ${all} requests were not judged: ${first ? `${said(first.question)} was answered ${replyText(first.reply)}` : ""}`
  return [
    ...(silent.length > 0 ? [unexamined(check, text(silent, silent.length), "look into the gateway's log, or allow more time with --timeout")] : []),
    ...(unjudged.length > 0 ? [wrong(check, text(unjudged, unjudged.length), probing.remedy("limits"))] : []),
  ]
}
