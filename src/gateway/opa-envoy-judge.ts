import { PdpError } from "../errors.js"
import { refusal, refusalOf, type Refusal } from "../model/refusal.js"
import type { Pdp } from "../pdp/index.js"
import type { CheckRequest } from "./envoy-check-request.js"
import { overwriting, type CheckAllowed, type CheckResponse } from "./envoy-check-response.js"
import { identityAnswer, identityAnswerNames } from "./identity-answer.js"
import { judging, type Asked, type Asking, type JudgingOptions } from "./judging.js"
import { opaEnvoyDecision } from "./opa-envoy-decision.js"
import { opaEnvoyInput } from "./opa-envoy-input.js"
import type { PassingVerdict, Verdict } from "./verdict.js"

/** What {@link ownPolicyJudge} decides with. */
export interface OwnPolicyOptions extends JudgingOptions {
  readonly pdp: Pick<Pdp, "evaluate" | "revision">
  readonly headerPrefix: string
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
export function ownPolicyJudge(options: OwnPolicyOptions): (entrypoint: string, check: CheckRequest, asking: Asking) => Promise<OwnVerdict> {
  const { pdp } = options
  const judge = judging(options, reasonOf)
  return async (entrypoint, check, asking) => {
    const { method, path } = check.http
    let response: CheckResponse | undefined
    const verdict = await judge("envoy_grpc", { method, target: path, rawHeaders: [] }, asking, async (_request, known, { origin }) => {
      const input = opaEnvoyInput(check)
      const revision = pdp.revision()
      const decided = opaEnvoyDecision(evaluated(pdp, entrypoint, input, origin))
      known.decision = { allowed: decided.allowed, revision }
      response = { ...decided, metadata: { revision, ...decided.metadata, decision_id: origin.decisionId } }
      if (!decided.allowed) throw new PdpError("ERR_DENIED", "the policy denies this; ask who keeps it", { reason: "policy_denied" })
      return "authorized"
    })
    const told = verdict.kind === "shadowed" ? shadowed(options, verdict) : response
    return { verdict: { ...verdict, entrypoint }, response: told?.allowed ? passing(options, check, told) : told }
  }
}

/** The code of a result that is no decision. */
export const decisionInvalid = "decision_invalid"

const oursPrefix = "X-Portcullis-"

function evaluated(pdp: OwnPolicyOptions["pdp"], entrypoint: string, input: unknown, origin: Asked["origin"]): unknown {
  try {
    return pdp.evaluate(entrypoint, input, origin)
  } catch (cause) {
    if (!(cause instanceof PdpError) || cause.code !== "ERR_ENTRYPOINT_UNKNOWN") throw cause
    const remedy = `build it with -e ${entrypoint}, or name another one in gateway.envoy_grpc.entrypoint`
    throw new PdpError("ERR_CONFIG_INVALID", `the policy has no entrypoint ${entrypoint}; ${remedy}`, { cause })
  }
}

/** Nothing of what the policy answered: only that shadow mode let it pass. */
function shadowed(options: OwnPolicyOptions, verdict: PassingVerdict): CheckAllowed {
  const headers = identityAnswer(verdict, options).filter(([name]) => name.startsWith(oursPrefix))
  return { allowed: true, headers: headers.map(overwriting) }
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
