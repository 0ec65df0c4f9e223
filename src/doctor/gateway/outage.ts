import { holds, unexamined, wrong, type GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import { messageOf } from "../../errors.js"

/** How the sidecar is stopped and started again. Each fails when it cannot. */
export interface SidecarSwitch {
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Of the machine. */
export interface OutageHooks {
  readonly now: () => number
  readonly pause: (ms: number) => Promise<void>
}

/**
 * Nothing passes while nobody decides; and it goes on as before when somebody does. Whatever happens, the sidecar is started again.
 *
 * @param questions of which none may pass
 * @param allowed passes again afterwards
 */
export async function checkOutage(
  probing: Probing,
  { stop, start }: SidecarSwitch,
  questions: readonly Question[],
  allowed: Question | undefined,
  hooks: OutageHooks,
): Promise<readonly GatewayFinding[]> {
  const during: GatewayFinding[] = []
  try {
    await stop()
    during.push(...(await findOpen(probing, questions)))
  } catch (thrown) {
    during.push(unexamined("outage", `the sidecar was not stopped: ${messageOf(thrown)}`, "mend the command of --stop"))
  }
  try {
    await start()
  } catch (thrown) {
    return [
      ...during,
      wrong("outage", `the sidecar was not started again: ${messageOf(thrown)}`, "start it by hand, and mend the command of --start"),
    ]
  }
  return [...during, ...(allowed ? await findReturn(probing, allowed, hooks) : [])]
}

const mostWaitMs = 30_000

/** No answer at all is as closed as a refusal. */
async function findOpen(probing: Probing, questions: readonly Question[]): Promise<readonly GatewayFinding[]> {
  const replies = await Promise.all(questions.map(async (question) => ({ question, reply: await probing.ask(question) })))
  const open = replies.filter(({ question, reply }) => ["passed", "shadowed"].includes(outcomeOf(question, reply)))
  if (open.length === 0) return [holds("outage", `without the sidecar: ${replies.length} requests, none passed`)]
  return open.map(({ question, reply }) =>
    wrong("outage", `${said(question)}, without the sidecar: answered ${replyText(reply)}`, probing.remedy("failClosed")),
  )
}

async function findReturn(probing: Probing, allowed: Question, { now, pause }: OutageHooks): Promise<readonly GatewayFinding[]> {
  const since = now()
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 1.5, 2_000)) {
    const reply = await probing.ask(allowed)
    if (outcomeOf(allowed, reply) === "passed") return [holds("outage", `${said(allowed)} passes again ${now() - since} ms after the start`)]
    if (now() - since > mostWaitMs || ("lost" in reply && reply.lost === "unsent"))
      return [
        wrong(
          "outage",
          `${said(allowed)}: still answered ${replyText(reply)}, ${Math.round((now() - since) / 1000)} s after the start`,
          "look whether the sidecar runs, and whether the gateway asks it again",
        ),
      ]
    await pause(waitMs)
  }
}
