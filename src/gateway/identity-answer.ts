import { defaultHeaderPrefix, type ProvenDecision } from "../authn/index.js"
import { pathOf } from "../model/canonical-path.js"
import type { Principal } from "../model/principal.js"
import type { Verdict } from "./verdict.js"
import { isWritable, writtenPrincipal } from "./written-principal.js"

/** Names and values. */
export type IdentityAnswer = readonly (readonly [name: string, value: string])[]

/** What identity headers are written with. */
export interface IdentityAnswerOptions {
  /** What their names begin with. Default `X-NMP-`. */
  readonly headerPrefix?: string | undefined
  /** The value of `X-Portcullis-Decision`. Default: it is blank. */
  readonly sign?: ((facts: ProvenDecision) => string) | undefined
}

/**
 * The headers that a gateway passes on with a request that passes: who asks, and that it was decided. All of them, even when they are empty, so that
 * nothing survives that a client wrote in their place.
 *
 * `…-Scopes`: `*` for a caller who is not restricted, blank for an empty set, and for nobody.
 */
export function identityAnswer(verdict: Verdict, { headerPrefix = defaultHeaderPrefix, sign }: IdentityAnswerOptions = {}): IdentityAnswer {
  const { caller, decisionId, revision, isAuthorized, request } = verdict
  const principal = caller && isWritable(caller.principal) ? writtenPrincipal(caller.principal) : nobody
  const { kind, id, email, groups, onBehalfOf } = principal
  const isProven = isAuthorized && sign !== undefined
  return [
    [`${headerPrefix}Principal-Id`, kind === "service" && id !== "" ? `service:${id}` : id],
    [`${headerPrefix}Principal-Email`, email ?? ""],
    [`${headerPrefix}Principal-Groups`, (groups ?? []).join(",")],
    [`${headerPrefix}Principal-On-Behalf-Of`, onBehalfOf?.id ?? ""],
    [`${headerPrefix}Principal-On-Behalf-Of-Email`, onBehalfOf?.email ?? ""],
    [`${headerPrefix}Principal-On-Behalf-Of-Groups`, (onBehalfOf?.groups ?? []).join(",")],
    [`${headerPrefix}Scopes`, scopesText(principal)],
    [`${headerPrefix}Authorized`, isAuthorized ? "true" : ""],
    ["X-Portcullis-Decision-Id", decisionId],
    ["X-Portcullis-Revision", headerText.test(revision) ? revision : ""],
    ["X-Portcullis-Decision", isProven ? sign({ method: request.method, path: pathOf(request.target), principal, decisionId, revision }) : ""],
    ["X-Portcullis-Shadow", shadowText(verdict)],
  ]
}

/** The names of {@link identityAnswer}. */
export function identityAnswerNames(headerPrefix: string): readonly string[] {
  return identityAnswer(unasked, { headerPrefix }).map(([name]) => name)
}

const unasked: Verdict = { kind: "allowed", isAuthorized: false, request: { method: "", target: "", rawHeaders: [] }, decisionId: "", revision: "" }
const nobody: Principal = { id: "" }
const headerText = /^[\x21-\x7e]{0,256}$/

function scopesText({ id, scopes }: Principal): string {
  if (id === "") return ""
  return scopes ? scopes.join(" ") : "*"
}

function shadowText({ kind, refusal }: Verdict): string {
  if (kind !== "shadowed") return ""
  return `${refusal.status >= 500 ? "failed" : "denied"}; code=${refusal.code}`
}
