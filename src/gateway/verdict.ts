import { randomUUID } from "node:crypto"
import type { Caller } from "../authn/index.js"
import type { Decision } from "../model/decision.js"
import type { Refusal } from "../model/refusal.js"
import type { OriginalRequest } from "./gateway.js"

/** What becomes of a request. */
export type Verdict = PassingVerdict | StoppedVerdict

/** It passes. `shadowed`: because shadow mode is on there, although `refusal` says why it would not. */
export type PassingVerdict = AllowedVerdict | (Judged & { readonly kind: "shadowed"; readonly refusal: Refusal })

/** It passes by right. */
export interface AllowedVerdict extends Judged {
  readonly kind: "allowed"
  readonly refusal?: undefined
}

/** It does not pass. `denied`: 401 or 403. `failed`: a fault of ours, 5xx. */
export interface StoppedVerdict extends Judged {
  readonly kind: "denied" | "failed"
  readonly refusal: Refusal
}

/** What every verdict says. */
export interface Judged {
  /** True when the policy allowed it, and not only its caller is known. */
  readonly isAuthorized: boolean
  /** True for a CORS preflight that passes without anybody being asked. */
  readonly isPreflight?: boolean | undefined
  /** What was judged. */
  readonly request: OriginalRequest
  /** Who asks. Absent: refused before that was known. */
  readonly caller?: Caller | undefined
  /** Absent: refused before the policy was asked, or passed without (preflights, and where only the caller is asked for). */
  readonly decision?: Decision | undefined
  /** What decided, when it is a policy of one's own that was not asked by `authz/allow`. */
  readonly entrypoint?: string | undefined
  /** What was thrown, for logs. */
  readonly thrown?: unknown
  /** A UUID, as in the decision log. */
  readonly decisionId: string
  /** What it was decided on; empty when there is nothing to decide on. */
  readonly revision: string
}

/** True for a verdict that lets the request pass. */
export function passes(verdict: Verdict): verdict is PassingVerdict {
  return verdict.kind === "allowed" || verdict.kind === "shadowed"
}

/** Whose fault it is that a request does not pass. */
export function stoppedKind({ status }: Refusal): StoppedVerdict["kind"] {
  return status >= 500 ? "failed" : "denied"
}

/**
 * The verdict on what cannot even be read as a request. Shadow mode does not hold for it.
 *
 * @param request as far as it is known what is asked for
 */
export function stoppedVerdict(
  refusal: Refusal,
  newDecisionId: () => string = randomUUID,
  request: OriginalRequest = { method: "", target: "", rawHeaders: [] },
): StoppedVerdict {
  return { kind: stoppedKind(refusal), isAuthorized: false, request, refusal, decisionId: newDecisionId(), revision: "" }
}
