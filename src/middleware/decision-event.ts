import type { Caller } from "../authn/index.js"
import type { Decision } from "../model/decision.js"
import type { GatewayDecision, Unproven } from "./gateway-decision.js"

/** What `onDecision` hears: one request that was let in or refused. */
export interface DecisionEvent {
  readonly method: string
  /** What was decided on: the path, with its query. */
  readonly path: string
  /** Who asks. Absent: refused before that was known. */
  readonly caller?: Caller
  /** Absent: refused before the policy was asked. */
  readonly decision?: Decision
  /** Present when a gateway decided, and the policy was not asked here. */
  readonly gateway?: GatewayDecision
  /** Present when the request says that a gateway let it in, and that does not count. */
  readonly unproven?: Unproven
  /** Present when the request is refused. */
  readonly refusal?: RefusalFacts
}

/** How a request is refused, and why. */
export interface RefusalFacts {
  readonly status: number
  /** As in the answer. */
  readonly code: string
  /** As in the answer: of 403 and 500. */
  readonly decisionId?: string
  /** What was thrown. */
  readonly error: unknown
}
