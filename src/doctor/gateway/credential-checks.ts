import { attemptsOn, findPassed, untoldTopic } from "./closed.js"
import { failed } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { Stage } from "./stage.js"
import { upstreamView } from "./upstream-view.js"

/** Two `Authorization` lines: nobody may be judged by one, and known to the upstream by the other. */
export async function checkCredentials(probing: Probing, stage: Stage): Promise<readonly GatewayFinding[]> {
  const { guarded, allowed } = stage
  const closed = await findPassed(
    probing,
    "credentials",
    "two Authorization headers, and a password",
    attemptsOn(guarded, "credentials", ({ as }) => [
      ...(as.length === 0 ? [{ as: twoBad }] : bothOrders.map((both) => ({ as: both }))),
      { as: [], headers: [basic] },
    ]),
  )
  if (allowed === undefined) return closed
  const findings = await Promise.all(bothOrders.map((as) => pickedOne(probing, { as, target: allowed })))
  return [...closed, ...findings.flat()]
}

/** `admin:admin`. */
const basic = ["Authorization", "Basic YWRtaW46YWRtaW4="] as const
const twoBad = ["bad token", "bad token"] as const
const bothOrders = [
  ["token", "bad token"],
  ["bad token", "token"],
] as const

/** Only where the upstream gets the one alone that was judged nothing is wrong with passing. */
async function pickedOne(probing: Probing, question: Question): Promise<readonly GatewayFinding[]> {
  const reply = await probing.ask(question)
  const outcome = outcomeOf(question, reply)
  if (outcome === "closed") return []
  if (outcome === "untold") return [failed("credentials", `${said(question)}: answered ${replyText(reply)}`, probing.remedy(untoldTopic(reply)))]
  const lines = upstreamView(reply)?.headers.filter(([name]) => name.toLowerCase() === "authorization")
  if (lines && lines.length <= 1 && lines.every(([, value]) => probing.isToken(value))) return []
  return [failed("credentials", `${said(question)}: answered ${replyText(reply)}`, probing.remedy("credentials"))]
}
