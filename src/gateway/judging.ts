import { randomUUID } from "node:crypto"
import type { Caller, Credentials } from "../authn/index.js"
import type { RequestOrigin } from "../decision-log/index.js"
import type { Decision } from "../model/decision.js"
import type { Refusal } from "../model/refusal.js"
import type { Pdp } from "../pdp/index.js"
import { isClearPath } from "./clear-path.js"
import type { GatewayName, OriginalRequest } from "./gateway.js"
import { shadowRules, type ShadowRule } from "./shadow.js"
import { stoppedKind, type Verdict } from "./verdict.js"

/** What every judge needs. */
export interface JudgingOptions {
  readonly pdp: Pick<Pdp, "revision">
  /** Default: shadow mode is on nowhere. */
  readonly shadow?: readonly ShadowRule[] | undefined
  /** Default UUIDs. */
  readonly newDecisionId?: (() => string) | undefined
}

/** What is known of the exchange in which a gateway asks. */
export interface Asking {
  /** For the decision log. */
  readonly origin?: RequestOrigin | undefined
  /** Told when an identity provider is waited for. */
  readonly onWait?: Credentials["onWait"]
}

/** The same, with the id that the decision has. */
export type Asked = Asking & { readonly origin: RequestOrigin & { readonly decisionId: string } }

/** What is found out on the way; verdicts have it however far that was. */
export interface Known {
  caller?: Caller
  decision?: Decision
}

/** Lets a request pass by returning: because the policy allows it, because its caller is known, or because it is a preflight. Throws why not. */
export type Conclude = (request: OriginalRequest, known: Known, asked: Asked) => Promise<"authorized" | "identified" | "preflight">

/** Judges one request by a conclusion. Never throws. */
export type Judging = (gateway: GatewayName, request: OriginalRequest, asking: Asking, conclude: Conclude) => Promise<Verdict>

/**
 * Makes verdicts of conclusions: the one place that decides what shadow mode lets pass. Paths that are not clear never pass by it.
 *
 * @param refusalFor what a gateway is told of something that was thrown
 */
export function judging({ pdp, shadow, newDecisionId = randomUUID }: JudgingOptions, refusalFor: (thrown: unknown) => Refusal): Judging {
  const isShadowed = shadowRules(shadow)
  return async (gateway, request, { origin, onWait }, conclude) => {
    const decisionId = newDecisionId()
    const known: Known = {}
    const rest = () => ({ request, ...known, decisionId, revision: known.decision?.revision ?? revisionOf(pdp) })
    try {
      const conclusion = await conclude(request, known, { origin: { ...origin, decisionId }, onWait })
      return { kind: "allowed", isAuthorized: conclusion === "authorized", ...(conclusion === "preflight" && { isPreflight: true }), ...rest() }
    } catch (thrown) {
      const refusal = refusalFor(thrown)
      const isPassing = isClearPath(gateway, request.target) && isShadowed(gateway, request.target)
      return { kind: isPassing ? "shadowed" : stoppedKind(refusal), isAuthorized: false, refusal, thrown, ...rest() }
    }
  }
}

/** The revision that decides now; empty when nothing does. */
function revisionOf(pdp: JudgingOptions["pdp"]): string {
  try {
    return pdp.revision()
  } catch {
    return ""
  }
}
