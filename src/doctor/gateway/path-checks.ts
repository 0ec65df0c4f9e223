import { isCanonicalPath, pathOf } from "../../model/canonical-path.js"
import { attemptsOn, findPassed, untoldTopic } from "./closed.js"
import { failed, passed, quoted } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import { outcomeOf, replyText } from "./outcome.js"
import { detours, pathVariants } from "./path-variants.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { Baseline, Guarded, Stage } from "./stage.js"
import { upstreamView } from "./upstream-view.js"

/** Other spellings of a guarded path are guarded; and what the upstream gets is what was judged. */
export async function checkPaths(probing: Probing, { guarded, baselines }: Stage): Promise<readonly GatewayFinding[]> {
  const attempts = attemptsOn(guarded, "path", ({ path, lure }) =>
    [...pathVariants(path), ...queried(path), ...detours(lure, path)].map((target) => ({ target })),
  )
  const closed = await findPassed(probing, "paths", `other spellings of ${paths(guarded)}`, attempts)
  const withToken = baselines.find(({ as }) => as.length > 0)
  return withToken ? [...closed, ...(await findUnjudged(probing, withToken))] : closed
}

/** Whatever is asked of a path beside it changes nothing. */
function queried(path: string): readonly string[] {
  return ["debug=1", "public=true", "x=.css"].map((query) => `${path}${path.includes("?") ? "&" : "?"}${query}`)
}

/** The absolute form is judged like the path in it. */
export function checkAbsoluteForm(probing: Probing, { guarded }: Stage): Promise<readonly GatewayFinding[]> {
  const { origin } = probing
  const attempts = attemptsOn(guarded, "path", ({ path }) =>
    [`${origin.origin}${path}`, `${origin.protocol.toUpperCase()}//${origin.host}${path}`, `${origin.origin}/${path}`, `//${origin.host}${path}`].map(
      (target) => ({ target }),
    ),
  )
  return findPassed(probing, "absolute form", `absolute forms of ${paths(guarded)}`, attempts)
}

/** Spellings of a path that the caller may read: they do not pass, or arrive tidied up, in which case that was judged. */
async function findUnjudged(probing: Probing, baseline: Baseline): Promise<readonly GatewayFinding[]> {
  const variants = pathVariants(baseline.path).filter((target) => !isCanonicalPath(pathOf(target)))
  const findings = await Promise.all(variants.map((target) => unjudged(probing, baseline, { as: baseline.as, target })))
  const bad = findings.flat()
  return bad.length > 0
    ? bad
    : [passed("paths", `other spellings of ${baseline.path}: ${variants.length} requests, none reached the upstream as it was`)]
}

async function unjudged(probing: Probing, { view: { url } }: Baseline, question: Question): Promise<readonly GatewayFinding[]> {
  const reply = await probing.ask(question)
  const outcome = outcomeOf(question, reply)
  if (outcome === "closed") return []
  const view = upstreamView(reply)
  if (!view)
    return [
      failed(
        "paths",
        `${said(question)}: answered ${replyText(reply)}, which does not tell what the upstream saw`,
        probing.remedy(untoldTopic(reply)),
      ),
    ]
  if (view.url === url) return []
  return [failed("paths", `${said(question)}: the upstream got ${quoted(view.url)}, which is never allowed as it is`, probing.remedy("path"))]
}

function paths(guarded: readonly Guarded[]): string {
  return [...new Set(guarded.map(({ path }) => path))].join(" and ")
}
