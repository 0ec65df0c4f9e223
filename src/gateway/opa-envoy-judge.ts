import { randomUUID } from "node:crypto"
import { PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import { refusal, refusalOf, type Refusal } from "../model/refusal.js"
import type { Pdp } from "../pdp/index.js"
import type { CheckRequest } from "./envoy-check-request.js"
import { overwriting, type CheckAllowed, type CheckResponse } from "./envoy-check-response.js"
import { identityAnswer, identityAnswerNames } from "./identity-answer.js"
import { revisionOf, type Asking, type Verdict } from "./judge.js"
import { opaEnvoyDecision } from "./opa-envoy-decision.js"
import { opaEnvoyInput } from "./opa-envoy-input.js"
import { shadowRules, type ShadowRule } from "./shadow.js"

/** What {@link ownPolicyJudge} decides with. */
export interface OwnPolicyOptions {
  readonly pdp: Pick<Pdp, "evaluate" | "revision">
  readonly headerPrefix: string
  readonly shadow?: readonly ShadowRule[] | undefined
  readonly newDecisionId?: (() => string) | undefined
}

/** What becomes of a request. */
export interface OwnVerdict {
  readonly verdict: Verdict
  /** The policy's own answer, or what shadow mode makes of it. Absent: it gave none, and a refusal says why. */
  readonly response?: CheckResponse | undefined
}

/**
 * Judges by a policy of one's own, with the input and the decisions of the OPA-Envoy plugin. Who asks is the policy's business: no identity headers are set, and
 * of those of the client the ones that say that a request was decided are taken off, unless the policy sets them.
 *
 * Where the plugin fails because of a result that is no decision, this denies.
 */
export function ownPolicyJudge(options: OwnPolicyOptions): (entrypoint: string, check: CheckRequest, asking: Asking) => OwnVerdict {
  const { pdp, newDecisionId = randomUUID } = options
  const isShadowed = shadowRules(options.shadow)
  return (entrypoint, check, { origin }) => {
    const { method, path } = check.http
    const decisionId = newDecisionId()
    const asked = { request: { method, target: path, rawHeaders: [] }, decisionId, entrypoint }
    const shadowed = (refused: Omit<Verdict, "kind">): OwnVerdict => {
      const verdict: Verdict = { ...refused, kind: "shadowed" }
      const headers = identityAnswer(verdict, options).filter(([name]) => name.startsWith(oursPrefix))
      return {
        verdict,
        response: passing(options, check, { allowed: true, headers: headers.map(overwriting) }),
      }
    }
    const isPassing = isCanonicalPath(pathOf(path)) && isShadowed("envoy_grpc", pathOf(path))
    try {
      const input = opaEnvoyInput(check)
      const revision = pdp.revision()
      const response = opaEnvoyDecision(evaluated(pdp, entrypoint, input, { ...origin, decisionId }))
      const known = { ...asked, revision, decision: { allowed: response.allowed, revision }, isAuthorized: response.allowed }
      const metadata = { revision, ...response.metadata, decision_id: decisionId }
      if (response.allowed) return { verdict: { ...known, kind: "allowed" }, response: passing(options, check, { ...response, metadata }) }
      const denied = { ...known, refusal: refusal(response.status, "policy_denied", "the policy denies this") }
      return isPassing ? shadowed(denied) : { verdict: { ...denied, kind: "denied" }, response: { ...response, metadata } }
    } catch (thrown) {
      const reason = reasonOf(thrown)
      const refused = { ...asked, revision: revisionOf(pdp), refusal: reason, isAuthorized: false, thrown }
      return isPassing ? shadowed(refused) : { verdict: { ...refused, kind: reason.status >= 500 ? "failed" : "denied" } }
    }
  }
}

/** The code of a result that is no decision. */
export const decisionInvalid = "decision_invalid"

const oursPrefix = "X-Portcullis-"

function evaluated(pdp: OwnPolicyOptions["pdp"], entrypoint: string, input: unknown, origin: Asking["origin"]): unknown {
  try {
    return pdp.evaluate(entrypoint, input, origin)
  } catch (cause) {
    if (!(cause instanceof PdpError) || cause.code !== "ERR_ENTRYPOINT_UNKNOWN") throw cause
    const remedy = `build it with -e ${entrypoint}, or name another one in gateway.envoy_grpc.entrypoint`
    throw new PdpError("ERR_CONFIG_INVALID", `the policy has no entrypoint ${entrypoint}; ${remedy}`, { cause })
  }
}

/** What the policy says goes first: headers that it sets stay. */
function passing({ headerPrefix }: OwnPolicyOptions, { http }: CheckRequest, response: CheckAllowed): CheckAllowed {
  const kept = new Set(response.headers?.map(({ name }) => name.toLowerCase()))
  const protectedNames = identityAnswerNames(headerPrefix)
    .filter((name) => name.startsWith(oursPrefix) || name.endsWith("-Authorized"))
    .map((name) => name.toLowerCase())
  const twins = http.headers.map(([name]) => name.toLowerCase()).filter((name) => protectedNames.includes(name.replaceAll("_", "-")))
  const ours = [...protectedNames, ...protectedNames.map((name) => name.replaceAll("-", "_")), ...twins].filter((name) => !kept.has(name))
  return { ...response, headersToRemove: [...new Set([...(response.headersToRemove ?? []), ...ours])] }
}

function reasonOf(thrown: unknown): Refusal {
  if (thrown instanceof PdpError && thrown.reason === decisionInvalid)
    return refusal(403, decisionInvalid, "the policy answered something that is no decision; ask who keeps it")
  return refusalOf(thrown)
}
