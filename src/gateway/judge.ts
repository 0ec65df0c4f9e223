import { randomUUID } from "node:crypto"
import type { Authentication, Caller, Credentials } from "../authn/index.js"
import type { RequestOrigin } from "../decision-log/index.js"
import { PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import type { AuthorizationRequest, Decision } from "../model/decision.js"
import type { Principal } from "../model/principal.js"
import { refusalOf, type Refusal } from "../model/refusal.js"
import { assertAllowed, type Pdp } from "../pdp/index.js"
import type { GatewayName, OriginalRequest } from "./gateway.js"
import { isKnownPreflight } from "./preflight.js"
import { shadowRules, type ShadowRule } from "./shadow.js"
import { assertWritable } from "./written-principal.js"

/** What becomes of a request. */
export interface Verdict {
  /**
   * `allowed`: it passes. `denied`: 401 or 403. `failed`: a fault of ours, 5xx. `shadowed`: it passes, because shadow mode is on there, although
   * `refusal` says why it would not.
   */
  readonly kind: "allowed" | "denied" | "shadowed" | "failed"
  /** True when the policy allowed it, and not only its caller is known. */
  readonly isAuthorized: boolean
  /** What was judged. */
  readonly request: OriginalRequest
  /** Who asks. Absent: refused before that was known. */
  readonly caller?: Caller | undefined
  /** Absent: refused before the policy was asked, or passed without (preflights, and where only the caller is asked for). */
  readonly decision?: Decision | undefined
  /** What decided, when it is a policy of one's own that was not asked by `authz/allow`. */
  readonly entrypoint?: string | undefined
  /** Of all but `allowed`: 401, 403, or of what failed 5xx. */
  readonly refusal?: Refusal | undefined
  /** What was thrown, for logs. */
  readonly thrown?: unknown
  /** A UUID, as in the decision log. */
  readonly decisionId: string
  /** What it was decided on; empty when there is nothing to decide on. */
  readonly revision: string
}

/** What a judge decides with. */
export interface JudgeOptions {
  readonly pdp: Pick<Pdp, "authorize" | "explain" | "revision">
  readonly authenticate: Authentication["authenticate"]
  /** See `GatewayOptions`. Default false. */
  readonly allowCorsPreflight?: boolean | undefined
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

/** Judges what a gateway asks about. Never throws: whatever fails is a verdict. */
export type GatewayJudge = (gateway: GatewayName, request: OriginalRequest, asking?: Asking) => Promise<Verdict>

/**
 * Judges the requests that gateways ask about, all by the same sentence: is the path read alike by everybody, who asks (by bearer token alone), may they?
 * Nobody asks without a token, and may do what is public.
 */
export function gatewayJudge(options: JudgeOptions): GatewayJudge {
  const { pdp, allowCorsPreflight = false } = options
  return judgeBy(options, async (request, known, asking) => {
    assertClear(request)
    if (allowCorsPreflight && isKnownPreflight(pdp, request)) return true
    const principal = await callerOf(options, request, known, asking)
    const question = { principal, method: request.method, path: request.target }
    const decision = (known.decision = pdp.authorize(question, asking.origin))
    if (decision.allowed !== true) throw denial(pdp, decision, question)
    return true
  })
}

/** Only finds out who asks, and leaves decisions to the services behind the gateway: whoever has no token is refused. Paths are not looked at. */
export function identityJudge(options: JudgeOptions): GatewayJudge {
  const { pdp, allowCorsPreflight = false } = options
  return judgeBy(options, async (request, known, asking) => {
    if (allowCorsPreflight && isKnownPreflight(pdp, request)) return false
    const { id } = await callerOf(options, request, known, asking)
    if (id === "") throw new PdpError("ERR_UNAUTHENTICATED", "no bearer token came; log in and send it", { reason: "no_credentials" })
    return false
  })
}

/** What a gateway is told of something that was thrown. */
export function gatewayRefusal(thrown: unknown): Refusal {
  return forGateway(refusalOf(thrown instanceof PdpError && thrown.code === "ERR_ENTRYPOINT_UNKNOWN" ? cannotDecide(thrown) : thrown))
}

/**
 * What a gateway is told of a refusal: 401 or 403 for whatever the client can change, an identity provider that does not answer included, because some
 * gateways are told to let requests pass on 5xx; 5xx for faults of ours.
 */
export function forGateway(reason: Refusal): Refusal {
  if (reason.code === "idp_unavailable") return { ...reason, status: 401 }
  return reason.status >= 500 || reason.status === 401 ? reason : { ...reason, status: 403 }
}

/** The verdict on what cannot even be read as a request. Shadow mode does not hold for it. */
export function refusedVerdict(request: OriginalRequest, refusal: Refusal, newDecisionId: () => string = randomUUID): Verdict {
  return { kind: kindOf(refusal), isAuthorized: false, request, refusal, decisionId: newDecisionId(), revision: "" }
}

interface Known {
  caller?: Caller
  decision?: Decision
}

type Asked = Asking & { readonly origin: RequestOrigin }
/** Passes by returning, true when the policy allowed it. */
type Conclude = (request: OriginalRequest, known: Known, asking: Asked) => Promise<boolean>

function judgeBy({ pdp, shadow, newDecisionId = randomUUID }: JudgeOptions, conclude: Conclude): GatewayJudge {
  const isShadowed = shadowRules(shadow)
  return async (gateway, request, asking = {}) => {
    const decisionId = newDecisionId()
    const known: Known = {}
    const rest = () => ({ request, ...known, decisionId, revision: known.decision?.revision ?? revisionOf(pdp) })
    try {
      const isAuthorized = await conclude(request, known, { ...asking, origin: { ...asking.origin, decisionId } })
      return { kind: "allowed", isAuthorized, ...rest() }
    } catch (thrown) {
      const refusal = gatewayRefusal(thrown)
      const path = pathOf(request.target)
      const passes = isCanonicalPath(path) && isShadowed(gateway, path)
      return { kind: passes ? "shadowed" : kindOf(refusal), isAuthorized: false, refusal, thrown, ...rest() }
    }
  }
}

async function callerOf({ authenticate }: JudgeOptions, { rawHeaders }: OriginalRequest, known: Known, { onWait }: Asked): Promise<Principal> {
  const { principal } = (known.caller = await authenticate({ rawHeaders, trust: "none", onWait }))
  assertWritable(principal)
  return principal
}

/** A token of RFC 9110, section 5.6.2. */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/

function kindOf({ status }: Refusal): "denied" | "failed" {
  return status >= 500 ? "failed" : "denied"
}

function assertClear({ method, target }: OriginalRequest): void {
  if (!isCanonicalPath(pathOf(target)))
    throw new PdpError("ERR_DENIED", "routers may read this path in more than one way; send it without needless escapes, empty or dot segments", {
      reason: "path_not_canonical",
    })
  if (!methodPattern.test(method)) throw new PdpError("ERR_INPUT_INVALID", "the gateway names no method; let it pass on the client's, as it came")
}

/** What a deny says. It is one whatever its facts are: a policy of one's own need not have them, and failing to find them is no failure to decide. */
function denial(pdp: JudgeOptions["pdp"], decision: Decision, question: AuthorizationRequest): PdpError {
  let cause: unknown
  try {
    assertAllowed({ authorize: () => ({ ...decision, allowed: false }), explain: (asked) => pdp.explain(asked) }, question)
  } catch (thrown) {
    if (thrown instanceof PdpError && (thrown.code === "ERR_DENIED" || thrown.code === "ERR_UNAUTHENTICATED")) return thrown
    cause = thrown
  }
  if (question.principal.id === "")
    return new PdpError("ERR_UNAUTHENTICATED", `${question.method} needs a principal here; send credentials`, { reason: "no_credentials", cause })
  return new PdpError("ERR_DENIED", `${question.method} is denied here by the policy; ask who keeps it`, { cause })
}

function cannotDecide(cause: unknown): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", "the policy has no entrypoint authz/allow, so it cannot decide on requests; build it with one", { cause })
}

/** The revision that decides now; empty when nothing does. */
export function revisionOf(pdp: Pick<Pdp, "revision">): string {
  try {
    return pdp.revision()
  } catch {
    return ""
  }
}
