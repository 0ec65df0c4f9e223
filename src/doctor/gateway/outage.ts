import { messageOf } from "../../errors.js"
import { failed, passed } from "../finding.js"
import { untoldTopic } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import { isClosedInOutage, outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { RawReply } from "./raw-client.js"

/** How the sidecar is stopped and started again. Each fails when it cannot. */
export interface SidecarSwitch {
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Times. */
export interface OutageHooks {
  /** How long the sidecar is kept away. */
  readonly awayMs: number
  readonly now: () => number
  readonly pause: (ms: number) => Promise<void>
}

/**
 * Nothing passes while nobody decides; and it goes on as before when somebody does. Whatever happens, the sidecar is started again. Somebody wants to know:
 * what cannot be found out is wrong, too.
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
    during.push(...(await findOpen(probing, questions, hooks)))
  } catch (thrown) {
    during.push(failed("outage", `the sidecar was not stopped, so that nothing is proven: ${messageOf(thrown)}`, "mend the command of --stop"))
  }
  try {
    await start()
  } catch (thrown) {
    return [
      ...during,
      failed("outage", `the sidecar was not started again: ${messageOf(thrown)}`, "start it by hand, and mend the command of --start"),
    ]
  }
  return [...during, ...(allowed ? await findReturn(probing, allowed, hooks) : [])]
}

/** Half a minute. */
const waitsMs = Array.from({ length: 25 }, (_, at) => Math.min(50 * 1.5 ** at, 2_000))

/** No answer at all is as closed as a refusal. Asked more than once: what leads around a sidecar may have to notice first that it is away. */
async function findOpen(probing: Probing, questions: readonly Question[], { awayMs, pause }: OutageHooks): Promise<readonly GatewayFinding[]> {
  let asked = 0
  for (const waitMs of pausesWithin(awayMs)) {
    await pause(waitMs)
    const replies = await Promise.all(questions.map(async (question) => ({ question, reply: await probing.ask(question) })))
    const open = replies.filter(({ question, reply }) => ["passed", "shadowed"].includes(outcomeOf(question, reply)))
    if (open.length > 0) return open.map(({ question, reply }) => failedOpen(probing, question, reply))
    const untold = replies.find(({ question, reply }) => !isClosedInOutage(question, reply))
    if (untold)
      return [
        failed(
          "outage",
          `${said(untold.question)}, without the sidecar: answered ${replyText(untold.reply)}`,
          probing.remedy(untoldTopic(untold.reply)),
        ),
      ]
    asked += replies.length
  }
  return [passed("outage", `without the sidecar: ${asked} requests, none passed`)]
}

/** Longer and longer ones; the last ends with the time. */
function pausesWithin(ms: number): readonly number[] {
  const pauses = [0]
  for (let [pause, rest] = [500, ms]; rest > 0; [pause, rest] = [pause * 1.5, rest - pause]) pauses.push(Math.min(pause, rest))
  return pauses
}

function failedOpen(probing: Probing, question: Question, reply: RawReply): GatewayFinding {
  const detail = `${said(question)}, without the sidecar: answered ${replyText(reply)}`
  return failed("outage", detail, `${probing.remedy("failClosed")}; or --stop does not stop it`)
}

async function findReturn(probing: Probing, allowed: Question, { now, pause }: OutageHooks): Promise<readonly GatewayFinding[]> {
  const since = now()
  for (const waitMs of waitsMs) {
    if (outcomeOf(allowed, await probing.ask(allowed)) === "passed")
      return [passed("outage", `${said(allowed)} passes again ${now() - since} ms after the start`)]
    await pause(waitMs)
  }
  const reply = await probing.ask(allowed)
  const detail = `${said(allowed)}: still answered ${replyText(reply)}, ${Math.round((now() - since) / 1000)} s after the start`
  return [failed("outage", detail, "look whether the sidecar runs, and whether the gateway asks it again")]
}
