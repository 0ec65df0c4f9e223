import { randomUUID } from "node:crypto"
import { authentication, defaultHeaderPrefix, peers, type Caller } from "../authn/index.js"
import { messageOf } from "../errors.js"
import type { Decision } from "../model/decision.js"
import type { Principal } from "../model/principal.js"
import { refusal, refusalOf } from "../model/refusal.js"
import type { DecisionEvent } from "./decision-event.js"
import { gatewayFinding, type GatewayDecision } from "./gateway-decision.js"
import { judged, type AdmissionRequest, type Judgement } from "./judgement.js"
import { openPaths } from "./open-paths.js"
import { checkMiddlewareOptions, type AdmissionOptions } from "./options.js"
import { refusedAnswer, type RefusalContext, type RefusedAnswer } from "./refused-answer.js"

/** Who was let in, and on what decision. */
export interface Admission {
  /** Who asks. Its id is empty for nobody, whom the policy let in all the same. */
  readonly principal: Principal
  readonly decision: Decision
  /** The principal with how it is known. */
  readonly caller: Caller
  /** Present when a gateway decided; the policy was not asked here. */
  readonly gateway?: GatewayDecision
}

/** What becomes of a request: `open` ones need no decision. */
export type Outcome =
  | { readonly kind: "open" }
  | { readonly kind: "admitted"; readonly admission: Admission }
  | { readonly kind: "refused"; readonly answer: RefusedAnswer }

/**
 * Decides whether a request is let in. Never throws: whatever fails is a refusal.
 *
 * @param path answers the path to decide on. Default: the raw request target
 */
export type Admit = (request: AdmissionRequest, path?: () => string) => Promise<Outcome>

/**
 * Lets requests in by bearer token, or the headers of a trusted peer, and the policy, or by the proven decision of a gateway: what the middlewares of all frameworks share.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function admission(options: AdmissionOptions): Admit {
  checkMiddlewareOptions(options)
  const { pdp, atLeastSeconds = 5, onDecision } = options
  const { trustedPeers = [], secrets } = options.peers ?? {}
  const { authenticate, retrySeconds } = authentication(options.authentication)
  const { trustOf, proofOf } = peers({ trustedPeers, secrets })
  const surroundings = { onDecision, retrySeconds }
  const { headerPrefix = defaultHeaderPrefix, hooks } = options.authentication ?? {}
  const gatewayOf = options.gatewayDecisions && gatewayFinding({ ...options.gatewayDecisions, headerPrefix, proofOf, now: hooks?.now ?? Date.now })
  const judges = { pdp, atLeastSeconds, authenticate, trustOf, gatewayOf, isOpen: openPaths(options.open) }
  return async (request, path = () => request.target) => {
    const judgement = await judged(judges, request, path)
    const { caller, decision, gateway, failure } = judgement
    if (failure !== undefined) return refused(surroundings, request, judgement, failure.thrown)
    if (judgement.isOpen) return { kind: "open" }
    if (caller === undefined || decision === undefined) return refused(surroundings, request, judgement, undefined)
    const unheard = await told(surroundings, eventOf(request, judgement))
    return unheard ?? { kind: "admitted", admission: { principal: caller.principal, decision, caller, ...(gateway && { gateway }) } }
  }
}

type Surroundings = Pick<AdmissionOptions, "onDecision"> & Pick<RefusalContext, "retrySeconds">

async function refused(surroundings: Surroundings, request: AdmissionRequest, judgement: Judgement, error: unknown): Promise<Outcome> {
  const reason = refusalOf(error)
  const decisionId = reason.status === 403 || reason.status === 500 ? randomUUID() : undefined
  const refusal = { status: reason.status, code: reason.code, error, ...(decisionId !== undefined && { decisionId }) }
  const unheard = await told(surroundings, { ...eventOf(request, judgement), refusal })
  const context = { revision: judgement.decision?.revision, decisionId, retrySeconds: surroundings.retrySeconds }
  return unheard ?? { kind: "refused", answer: refusedAnswer(reason, context) }
}

function eventOf({ method }: AdmissionRequest, { path, caller, decision, gateway, unproven }: Judgement): DecisionEvent {
  return { method, path, ...(caller && { caller }), ...(decision && { decision }), ...(gateway && { gateway }), ...(unproven && { unproven }) }
}

/** Tells the host, and everybody where nobody listens to a failure. @returns a refusal when the host did not take it */
async function told({ onDecision, retrySeconds }: Surroundings, event: DecisionEvent): Promise<Outcome | undefined> {
  if (!onDecision) {
    if (event.unproven?.reason === "keys_unusable") warn(event.unproven.error)
    if (event.refusal?.status === 500) warn(event.refusal.error)
    return undefined
  }
  try {
    await onDecision(event)
    return undefined
  } catch (thrown) {
    warn(thrown)
    return { kind: "refused", answer: refusedAnswer(refusal(500, "internal", ""), { revision: undefined, decisionId: randomUUID(), retrySeconds }) }
  }
}

function warn(thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : messageOf(thrown))
}
