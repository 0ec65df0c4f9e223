import type { Caller, PeerRequest, Trust } from "../authn/index.js"
import { PdpError } from "../errors.js"
import type { AuthorizationRequest, Decision } from "../model/decision.js"
import { assertAllowed } from "../pdp/index.js"
import type { GatewayDecision, GatewayFinding, GatewayRequest, Unproven } from "./gateway-decision.js"
import type { AdmissionOptions } from "./options.js"

/** One request that wants to be let in. */
export interface AdmissionRequest {
  readonly method: string
  /** As it came over the wire: path and query. */
  readonly target: string
  /** Names and values of the headers in turn. */
  readonly rawHeaders: readonly string[]
  /** The value of `X-Portcullis-At-Least`. */
  readonly atLeast: string | undefined
  /** Who connects. Undefined where that cannot be known: then nobody is believed without a token. */
  readonly peer: PeerRequest | undefined
  /** Aborts when the caller is gone; asked for only when there is something to wait for. */
  readonly gone: () => AbortSignal
  /** Why nobody can tell what is asked for: then it is refused with this, open or not. */
  readonly unclear?: PdpError
}

/** How far a request came: let in without a failure, and only then. */
export interface Judgement {
  /** It needs no decision, and nothing else was looked at. */
  readonly isOpen: boolean
  /** The path that was decided on. */
  readonly path: string
  readonly caller?: Caller
  readonly decision?: Decision
  /** Present when a gateway decided. */
  readonly gateway?: GatewayDecision
  /** Why it does not count that a gateway is said to have decided. */
  readonly unproven?: Unproven
  /** What stopped it. */
  readonly failure?: { readonly thrown: unknown }
}

/** What a judgement is made with. */
export interface Judges extends Pick<AdmissionOptions, "pdp"> {
  readonly isOpen: (method: string, target: string) => boolean
  readonly trustOf: (peer: PeerRequest) => Trust
  readonly authenticate: (credentials: { readonly rawHeaders: readonly string[]; readonly trust: Trust }) => Promise<Caller>
  readonly atLeastSeconds: number
  /** Absent: gateways are not believed. */
  readonly gatewayOf?: ((request: GatewayRequest, path: string) => GatewayFinding) | undefined
}

/** Whether the request is open, else whether a gateway let it in, else who asks, then whether the policy allows it. Never throws. */
export async function judged(judges: Judges, request: AdmissionRequest, mapped: () => string): Promise<Judgement> {
  const { method, target, rawHeaders, peer, unclear } = request
  const known: { path: string; caller?: Caller; decision?: Decision; unproven?: Unproven } = { path: target }
  try {
    if (unclear) throw unclear
    if (judges.isOpen(method, target)) return { ...known, isOpen: true }
    const path = (known.path = checkedPath(mapped()))
    const found = foundAtGateway(judges, request, path)
    if (found.kind === "proven") return { isOpen: false, path, ...letIn(found) }
    if (found.kind === "unproven") known.unproven = found.unproven
    const trust = peer === undefined ? "none" : judges.trustOf(peer)
    const { principal } = (known.caller = await judges.authenticate({ rawHeaders, trust }))
    if (trust !== "none") await fresh(judges, request, judges.atLeastSeconds)
    const question = { principal, method, path }
    const decision = (known.decision = judges.pdp.authorize(question))
    if (decision.allowed !== true) throw denial(judges, decision, question)
    if (trust === "none") await fresh(judges, request, 0)
    return { ...known, isOpen: false }
  } catch (thrown) {
    return { ...known, isOpen: false, failure: { thrown: isUndecidable(thrown) ? cannotDecide(thrown) : thrown } }
  }
}

/** Who wants at least some revision asks for a decision on that, which no earlier one is. */
function foundAtGateway({ gatewayOf }: Judges, request: AdmissionRequest, path: string): GatewayFinding {
  return gatewayOf && request.atLeast === undefined ? gatewayOf(request, path) : { kind: "none" }
}

function letIn({ caller, gateway }: Extract<GatewayFinding, { kind: "proven" }>): Pick<Judgement, "caller" | "decision" | "gateway"> {
  return { caller, gateway, decision: { allowed: true, revision: gateway.revision } }
}

function checkedPath(path: unknown): string {
  if (typeof path === "string") return path
  throw new PdpError("ERR_CONFIG_INVALID", `the option 'path' answered ${typeof path}; answer a path such as '/apis/x', and no promise`)
}

async function fresh({ pdp }: Judges, { atLeast, gone }: AdmissionRequest, seconds: number): Promise<void> {
  if (atLeast !== undefined) await pdp.atLeast(atLeast, { timeoutMs: seconds * 1_000, signal: gone() })
}

/** The facts behind a deny; a policy of the host's own need not have them. */
function denial({ pdp }: Judges, decision: Decision, question: AuthorizationRequest): unknown {
  try {
    assertAllowed({ authorize: () => ({ ...decision, allowed: false }), explain: (asked) => pdp.explain(asked) }, question)
  } catch (thrown) {
    if (!isUndecidable(thrown)) return withOptions(thrown)
  }
  if (question.principal.id === "")
    return new PdpError("ERR_UNAUTHENTICATED", `${question.method} needs a principal here; send credentials`, { reason: "no_credentials" })
  return new PdpError("ERR_DENIED", `${question.method} is denied here by the policy; ask who keeps it`)
}

/** The host's paths may be others than those of the authorization data. */
function withOptions(thrown: unknown): unknown {
  if (!(thrown instanceof PdpError) || thrown.reason !== "unknown_path") return thrown
  const { code, message, reason, details } = thrown
  const hint = "in this server the option 'path' can answer which path stands for a request, and the option 'open' lists paths that need no decision"
  return new PdpError(code, `${message}; ${hint}`, { reason, details, cause: thrown })
}

/** A policy of the host's own that does not know the question: nothing that a caller could do better. */
function isUndecidable(thrown: unknown): boolean {
  return thrown instanceof PdpError && thrown.code === "ERR_ENTRYPOINT_UNKNOWN"
}

function cannotDecide(cause: unknown): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", "the policy has no entrypoint authz/allow, so it cannot decide on requests; build it with one", { cause })
}
