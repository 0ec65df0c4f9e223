import { checkAnswers } from "./answer-checks.js"
import { checkUpstream } from "./baselines.js"
import { checkControls, principalOf, type ProbedPaths } from "./controls.js"
import { checkClientAddress, checkProbes } from "./circumstance-checks.js"
import { checkCredentials } from "./credential-checks.js"
import { failed, passed, unchecked } from "../finding.js"
import { gatewayChecks, type GatewayCheck, type GatewayFinding } from "./gateway-finding.js"
import type { GatewayKind } from "./gateway-kind.js"
import { checkHosts } from "./host-checks.js"
import { checkHttp2 } from "./http2-checks.js"
import { http2Client } from "./http2-client.js"
import { checkHopByHop, checkIdentity, checkTwins } from "./identity-checks.js"
import { checkLongRequests } from "./long-request-checks.js"
import { checkMethods, checkUnsafeMethods } from "./method-checks.js"
import { outcomeOf, replyText } from "./outcome.js"
import { checkOutage, type OutageHooks, type SidecarSwitch } from "./outage.js"
import { checkAbsoluteForm, checkPaths } from "./path-checks.js"
import { probing as probingOf, type Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import { rawClient } from "./raw-client.js"
import { checkOverrides, checkRouting } from "./routing-checks.js"
import type { Stage } from "./stage.js"
import { checkUpgrade } from "./upgrade-checks.js"

/** Which gateway is examined, and how. */
export interface GatewayExamination {
  /** Scheme, host and port; nobody else is asked anything. */
  readonly origin: URL
  readonly paths: ProbedPaths
  /** Undefined: less can be examined. */
  readonly token?: string | undefined
  /** Default: what the gateway says of itself. */
  readonly kind?: GatewayKind | undefined
  /** Default `X-NMP-`. */
  readonly headerPrefix?: string | undefined
  /** How long an answer may take. */
  readonly timeoutMs: number
  /** PEM. */
  readonly ca?: string | undefined
  /** Believes every certificate. */
  readonly insecure?: boolean | undefined
  /** Undefined: the sidecar is left running. */
  readonly outage?: SidecarSwitch | undefined
  /** How long it is kept away then. */
  readonly awayMs: number
  /** Also sends methods that change something where they pass, without a token, to the denied path. */
  readonly alsoUnsafeMethods?: boolean | undefined
  /** Told what is examined next. */
  readonly onCheck?: ((check: GatewayCheck) => void) | undefined
  /** No further requests once it is aborted. */
  readonly signal?: AbortSignal | undefined
  readonly hooks: Omit<OutageHooks, "awayMs"> & { /** Different at each examination. */ readonly marker: string }
}

/**
 * Tries to get past a gateway, by requests that read only, and says what got through. Changes nothing, but when it was told how to stop the sidecar.
 *
 * @returns at least one finding for each check that there is something to look at, in the order of {@link gatewayChecks}
 */
export async function examineGateway(examination: GatewayExamination): Promise<readonly GatewayFinding[]> {
  const { paths, token, headerPrefix = "X-NMP-", onCheck = () => undefined, hooks } = examination
  const probing = probingOf({
    ...examination,
    send: rawClient(examination),
    sendOverHttp2: http2Client(examination),
    headerPrefix,
    marker: hooks.marker,
  })
  onCheck("allowed")
  const controls = await checkControls(probing, paths)
  if (controls.isBroken) return [...controls.findings, ...rest(controls.findings)]
  const upstream = await checkUpstream(probing, paths, token)
  const stage: Stage = {
    guarded: controls.guarded,
    baselines: upstream.baselines,
    principal: upstream.principal ?? principalOf(token),
    ...(token !== undefined && { allowed: paths.allowed }),
  }
  const findings = [...controls.findings, ...checkAnswers(probing, controls.refusals), ...upstream.findings]
  for (const [check, examine] of attacks) {
    onCheck(check)
    findings.push(...(await examined(check, stage, () => examine(probing, stage))))
  }
  onCheck("unsafe methods")
  findings.push(...(await checkUnsafeMethods(probing, paths.denied, examination.alsoUnsafeMethods === true)))
  onCheck("outage")
  findings.push(...(await outageFindings(probing, examination, stage)))
  if (stage.allowed !== undefined) findings.push(await stillAllowed(probing, stage.allowed))
  return findings.toSorted((a, b) => gatewayChecks.indexOf(a.check) - gatewayChecks.indexOf(b.check))
}

const attacks: readonly (readonly [GatewayCheck, (probing: Probing, stage: Stage) => Promise<readonly GatewayFinding[]>])[] = [
  ["identity", checkIdentity],
  ["twins", checkTwins],
  ["hop-by-hop", checkHopByHop],
  ["credentials", checkCredentials],
  ["paths", checkPaths],
  ["absolute form", checkAbsoluteForm],
  ["hosts", checkHosts],
  ["client address", checkClientAddress],
  ["probes", checkProbes],
  ["routing", checkRouting],
  ["methods", checkMethods],
  ["overrides", checkOverrides],
  ["upgrade", checkUpgrade],
  ["long requests", checkLongRequests],
  ["HTTP/2", checkHttp2],
]

const meaningless = "what should pass does not, so that a refusal says nothing"
const nothingGuarded = "nothing is closed that could be opened"

/** What was not looked at. */
function rest(findings: readonly GatewayFinding[]): readonly GatewayFinding[] {
  const done = new Set(findings.map(({ check }) => check))
  const optional: ReadonlySet<GatewayCheck> = new Set(["open", "answers", "still allowed"])
  return gatewayChecks.filter((check) => !done.has(check) && !optional.has(check)).map((check) => unchecked(check, meaningless))
}

async function examined(check: GatewayCheck, stage: Stage, examine: () => Promise<readonly GatewayFinding[]>): Promise<readonly GatewayFinding[]> {
  const findings = await examine()
  return stage.guarded.length > 0 ? findings : [...findings, unchecked(check, nothingGuarded)]
}

async function outageFindings(
  probing: Probing,
  { outage, awayMs, signal, hooks }: GatewayExamination,
  stage: Stage,
): Promise<readonly GatewayFinding[]> {
  if (!outage) return [unchecked("outage", "it is not said how the sidecar is stopped", "say it with --stop and --start")]
  const allowed: Question | undefined = stage.allowed === undefined ? undefined : { as: ["token"], target: stage.allowed }
  const questions = [...(allowed ? [allowed] : []), ...stage.guarded.map(({ as, path }) => ({ as, target: path }))]
  if (signal?.aborted) return [failed("outage", "it was interrupted", "ask again")]
  if (questions.length === 0) return [failed("outage", nothingGuarded, "mend what is wrong above, or name a path with --denied; then ask again")]
  const aborted = abortOf(signal)
  return checkOutage(probing, outage, questions, allowed, { awayMs, now: hooks.now, pause: (ms) => Promise.race([hooks.pause(ms), aborted]) })
}

/** Resolves when it is aborted. */
function abortOf(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }))
}

/** Refusals mean something only while what should pass does. */
async function stillAllowed(probing: Probing, target: string): Promise<GatewayFinding> {
  const question: Question = { as: ["token"], target }
  const reply = await probing.ask(question)
  if (outcomeOf(question, reply) === "passed") return passed("still allowed", `${said(question)}: answered ${replyText(reply)}`)
  const detail = `${said(question)}: answered ${replyText(reply)}, after everything above, which may say nothing then`
  return failed("still allowed", detail, "look whether the gateway limits requests, or the sidecar has gone away; then ask again")
}
