import { failed, passed } from "../finding.js"
import { untoldTopic } from "./closed.js"
import type { GatewayCheck, GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { Topic } from "./remedies.js"
import type { Baseline } from "./stage.js"
import { identityChanges, identityIn, upstreamView } from "./upstream-view.js"

/** What a client adds to a request. */
export interface Addition extends Pick<Question, "headers" | "connection" | "isOverHttp2"> {
  readonly topic: Topic
}

/**
 * Sends requests that may pass, with something added that must not change who the upstream takes the caller for. Refused is as good.
 *
 * @param about what is added
 */
export async function findChanged(
  probing: Probing,
  check: GatewayCheck,
  about: string,
  baselines: readonly Baseline[],
  additions: readonly Addition[],
): Promise<readonly GatewayFinding[]> {
  const asked = baselines.flatMap((baseline) => additions.map((addition) => ({ baseline, addition })))
  const findings = await Promise.all(asked.map(({ baseline, addition }) => changesBy(probing, check, baseline, addition)))
  const bad = findings.flat()
  return bad.length > 0 ? bad : [passed(check, `${about}: ${asked.length} requests, the upstream saw nothing of it`)]
}

async function changesBy(
  probing: Probing,
  check: GatewayCheck,
  baseline: Baseline,
  { topic, ...added }: Addition,
): Promise<readonly GatewayFinding[]> {
  const question: Question = { as: baseline.as, target: baseline.path, ...added }
  const reply = await probing.ask(question)
  const outcome = outcomeOf(question, reply)
  if (outcome === "closed") return []
  const view = upstreamView(reply)
  if (!view)
    return [
      failed(check, `${said(question)}: answered ${replyText(reply)}, which does not tell what the upstream saw`, probing.remedy(untoldTopic(reply))),
    ]
  const [clean, seen] = [baseline.view, view].map((one) => identityIn(one, probing.headerPrefix))
  if (!clean || !seen) return []
  return identityChanges(clean, seen, probing.marker).map((change) => failed(check, `${said(question)}: ${change}`, probing.remedy(topic)))
}
