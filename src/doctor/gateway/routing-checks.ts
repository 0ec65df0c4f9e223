import { attemptsOn, findPassed } from "./closed.js"
import { failed } from "../finding.js"
import { warned, type GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { HeaderLine } from "./raw-request.js"
import type { Baseline, Stage } from "./stage.js"
import { canonicalName, upstreamView } from "./upstream-view.js"

/** Headers that say another path or method than the request line: whoever believes a client's is led astray. */
export async function checkRouting(probing: Probing, { guarded, baselines }: Stage): Promise<readonly GatewayFinding[]> {
  const closed = await findPassed(
    probing,
    "routing",
    "headers that name another path or method",
    attemptsOn(guarded, "trustForward", ({ lure }) => routingLines(lure).map((headers) => ({ headers }))),
  )
  return [
    ...closed,
    ...(await passedOn(
      probing,
      "routing",
      baselines,
      pathNames.map((name) => [name, `/${probing.marker}`] as const),
    )),
  ]
}

/** Headers that say another method: they change nothing of what is decided. */
export async function checkOverrides(probing: Probing, { guarded, baselines, allowed }: Stage): Promise<readonly GatewayFinding[]> {
  const closed = await findPassed(
    probing,
    "overrides",
    "headers that name another method",
    attemptsOn(guarded, "method", () => overrideNames.flatMap((name) => ["OPTIONS", "HEAD"].map((method) => ({ headers: [[name, method]] })))),
  )
  const obeyed = allowed === undefined ? [] : await Promise.all(overrideNames.map((name) => obeys(probing, name, allowed)))
  const arrived = await passedOn(
    probing,
    "overrides",
    baselines,
    overrideNames.map((name) => [name, "HEAD"] as const),
  )
  return [...closed, ...obeyed.flat(), ...arrived]
}

/** Whoever makes a `PROPFIND` of a `GET`, and so denies it, makes a `GET` of a `DELETE`. */
async function obeys(probing: Probing, name: string, allowed: string): Promise<readonly GatewayFinding[]> {
  const [plain, changed] = ["GET", "PROPFIND"].map((method): Question => ({ as: ["token"], target: allowed, headers: [[name, method]] }))
  if (!plain || !changed || outcomeOf(plain, await probing.ask(plain)) !== "passed") return []
  const reply = await probing.ask(changed)
  if (outcomeOf(changed, reply) !== "closed") return []
  return [failed("overrides", `${said(changed)}: answered ${replyText(reply)}, and with ${name}: GET it passes`, probing.remedy("method"))]
}

function routingLines(lure: string): readonly (readonly HeaderLine[])[] {
  return [
    ...pathNames.map((name): readonly HeaderLine[] => [[name, lure]]),
    ...pathNames.map((name): readonly HeaderLine[] => [[name.replaceAll("-", "_"), lure]]),
    [
      ["X-Original-URI", lure],
      ["X-Original-Method", "GET"],
    ],
    [
      ["X-Forwarded-Uri", lure],
      ["X-Forwarded-Method", "GET"],
    ],
    [["X-Forwarded-Method", "OPTIONS"]],
    [["X-Original-Method", "OPTIONS"]],
    [
      ["X-Forwarded-Uri", lure],
      ["X-Forwarded-Uri", lure],
    ],
  ]
}

const pathNames = ["X-Original-URI", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix", "X-Envoy-Original-Path"] as const
const overrideNames = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] as const

/** Some frameworks obey such a header: what was judged is not what they do, then. */
async function passedOn(
  probing: Probing,
  check: "routing" | "overrides",
  baselines: readonly Baseline[],
  lines: readonly HeaderLine[],
): Promise<readonly GatewayFinding[]> {
  const asked = baselines.flatMap((baseline) => lines.map((line) => ({ baseline, line })))
  const findings = await Promise.all(
    asked.map(async ({ baseline, line: [name, value] }): Promise<readonly GatewayFinding[]> => {
      const question: Question = { as: baseline.as, target: baseline.path, headers: [[name, value]] }
      const seen = upstreamView(await probing.ask(question))?.headers ?? []
      const arrived = seen.some(([one, text]) => canonicalName(one) === canonicalName(name) && text.includes(value))
      if (!arrived) return []
      return [warned(check, "passed on", `${said(question)}: the upstream got the header, and may obey it`, probing.remedy("overrides"))]
    }),
  )
  return findings.flat()
}
