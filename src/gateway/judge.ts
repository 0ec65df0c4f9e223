import type { Authentication } from "../authn/index.js"
import { PdpError } from "../errors.js"
import type { AuthorizationRequest, Decision } from "../model/decision.js"
import type { Principal } from "../model/principal.js"
import { refusalOf, type Refusal } from "../model/refusal.js"
import type { Timers } from "../model/timers.js"
import { assertAllowed, type Pdp } from "../pdp/index.js"
import { isClearPath } from "./clear-path.js"
import type { GatewayName, OriginalRequest } from "./gateway.js"
import { withinIdpWait } from "./idp-wait.js"
import { judging, type Asked, type Asking, type JudgingOptions, type Known } from "./judging.js"
import { isKnownPreflight } from "./preflight.js"
import type { Verdict } from "./verdict.js"
import { assertWritable } from "./written-principal.js"

/** What a judge decides with. */
export interface JudgeOptions extends JudgingOptions {
  readonly pdp: Pick<Pdp, "authorize" | "explain" | "revision">
  readonly authenticate: Authentication["authenticate"]
  /** See `GatewayOptions`. Default false. */
  readonly allowCorsPreflight?: boolean | undefined
  /** See `GatewayOptions`. Default 100. */
  readonly idpWaitMs?: number | undefined
  /** Replaced in tests. */
  readonly timers?: Timers | undefined
}

/** Judges what a gateway asks about. Never throws: whatever fails is a verdict. */
export type GatewayJudge = (gateway: GatewayName, request: OriginalRequest, asking?: Asking) => Promise<Verdict>

/**
 * Judges the requests that gateways ask about, all by the same sentence: is the path read alike by everybody, who asks (by bearer token alone), may they?
 * Nobody asks without a token, and may do what is public.
 */
export function gatewayJudge(options: JudgeOptions): GatewayJudge {
  const { pdp, allowCorsPreflight = false } = options
  const judge = judging(options, gatewayRefusal)
  return (gateway, asked, asking = {}) =>
    judge(gateway, asked, asking, async (request, known, { origin, onWait }) => {
      assertClear(gateway, request)
      if (allowCorsPreflight && isKnownPreflight(pdp, request)) return "preflight"
      const principal = await callerOf(options, request, known, onWait)
      const question = { principal, method: request.method, path: request.target }
      const decision = (known.decision = pdp.authorize(question, origin))
      if (decision.allowed !== true) throw denial(pdp, decision, question)
      return "authorized"
    })
}

/** Only finds out who asks, and leaves decisions to the services behind the gateway: whoever has no token is refused. Paths are not looked at. */
export function identityJudge(options: JudgeOptions): GatewayJudge {
  const { pdp, allowCorsPreflight = false } = options
  const judge = judging(options, gatewayRefusal)
  return (gateway, asked, asking = {}) =>
    judge(gateway, asked, asking, async (request, known, { onWait }) => {
      if (allowCorsPreflight && isKnownPreflight(pdp, request)) return "preflight"
      const { id } = await callerOf(options, request, known, onWait)
      if (id === "") throw new PdpError("ERR_UNAUTHENTICATED", "no bearer token came; log in and send it", { reason: "no_credentials" })
      return "identified"
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

async function callerOf(
  { authenticate, idpWaitMs = usualIdpWaitMs, timers }: JudgeOptions,
  { rawHeaders }: OriginalRequest,
  known: Known,
  onWait: Asked["onWait"],
): Promise<Principal> {
  const found = withinIdpWait((onIdpWait) => authenticate({ rawHeaders, trust: "none", onWait: onIdpWait }), { mostMs: idpWaitMs, timers }, onWait)
  const { principal } = (known.caller = await found)
  assertWritable(principal)
  return principal
}

/** Well below the 200 ms that Envoy waits for an answer unless it is told otherwise: what it then does is not ours to say. */
const usualIdpWaitMs = 100

/** A token of RFC 9110, section 5.6.2. */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/

const unclearText =
  "routers may read this path in more than one way; send it without needless escapes, empty or dot segments, and behind Envoy without '!'"

function assertClear(gateway: GatewayName, { method, target }: OriginalRequest): void {
  if (!isClearPath(gateway, target)) throw new PdpError("ERR_DENIED", unclearText, { reason: "path_not_canonical" })
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
