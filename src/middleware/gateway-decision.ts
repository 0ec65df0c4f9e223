import { leastProofKeyLength, provenDecision, writtenPrincipalIn, type Caller, type PeerProof, type PeerRequest } from "../authn/index.js"
import { PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import { headerPairs } from "../model/header-pairs.js"
import type { Principal } from "../model/principal.js"

/** Believes what a gateway has decided, so that nothing is decided twice. */
export interface GatewayDecisions {
  /**
   * The keys of `gateway.decision_key_file` of the sidecar that the gateway asks, each of at least 32 characters; all are tried. Asked whenever a
   * gateway says that it decided, so that the file can be read again.
   */
  readonly keys: () => readonly string[]
}

/** A decision of the sidecar that a gateway asked. */
export interface GatewayDecision {
  /** As in the sidecar's log. */
  readonly decisionId: string
  /** The state that it was decided on. */
  readonly revision: string
}

/** Why a request that says that a gateway let it in is decided on all the same. */
export interface Unproven {
  readonly reason:
    | "peer_not_proven"
    | "header_malformed"
    | "decision_missing"
    | "principal_malformed"
    | "path_not_canonical"
    | "keys_unusable"
    | "decision_not_proven"
  /** What was thrown. */
  readonly error?: unknown
}

/** The facts of one request. */
export interface GatewayRequest {
  readonly method: string
  /** As it came over the wire. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly peer: PeerRequest | undefined
}

/** What a request says of a gateway's decision. */
export type GatewayFinding =
  | { readonly kind: "none" }
  | { readonly kind: "unproven"; readonly unproven: Unproven }
  | { readonly kind: "proven"; readonly caller: Caller; readonly gateway: GatewayDecision }

/** What {@link gatewayFinding} needs. */
export interface GatewaySettings extends GatewayDecisions {
  /** Of the identity headers, such as `X-NMP-`. */
  readonly headerPrefix: string
  readonly proofOf: (peer: PeerRequest) => PeerProof | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Reads `X-NMP-Authorized: true` with `X-Portcullis-Decision`, which counts only from a peer that a secret or a client certificate proves, for this
 * method, path and principal, and within its 30 seconds.
 *
 * @param path what would be decided on here; its query does not matter
 */
export function gatewayFinding(settings: GatewaySettings): (request: GatewayRequest, path: string) => GatewayFinding {
  const authorizedName = `${settings.headerPrefix}Authorized`.toLowerCase()
  return ({ method, target, rawHeaders, peer }, path) => {
    const authorized = valuesOf(rawHeaders, authorizedName)
    if (authorized.every(({ value }) => value === "")) return { kind: "none" }
    if (peer === undefined || settings.proofOf(peer) === undefined) return unproven("peer_not_proven")
    if (onlyValue(authorized) !== "true") return unproven("header_malformed")
    const decisions = valuesOf(rawHeaders, "x-portcullis-decision")
    if (decisions.every(({ value }) => value === "")) return unproven("decision_missing")
    const decision = onlyValue(decisions)
    if (decision === undefined) return unproven("header_malformed")
    if (!isCanonicalPath(pathOf(target)) || !isCanonicalPath(pathOf(path))) return unproven("path_not_canonical")
    const written = attempt(() => writtenPrincipalIn(rawHeaders, settings.headerPrefix))
    if ("error" in written) return unproven("principal_malformed", written.error)
    const keys = attempt(() => usableKeys(settings.keys()))
    if ("error" in keys) return unproven("keys_unusable", keys.error)
    const principal = written.value
    const gateway = provenDecision(decision, { method, path: pathOf(path), principal }, keys.value, settings.now())
    return gateway ? { kind: "proven", caller: callerOf(principal), gateway } : unproven("decision_not_proven")
  }
}

interface HeaderField {
  readonly name: string
  readonly value: string
}

/** Also of names with underscores, which some servers take for the same. */
function valuesOf(rawHeaders: readonly string[], wanted: string): readonly HeaderField[] {
  return headerPairs(rawHeaders)
    .filter(([name]) => name.toLowerCase().replaceAll("_", "-") === wanted)
    .map(([name, value]) => ({ name, value: value.trim() }))
}

/** Undefined when it comes twice, or with underscores. */
function onlyValue([first, ...others]: readonly HeaderField[]): string | undefined {
  return first === undefined || others.length > 0 || first.name.includes("_") ? undefined : first.value
}

function usableKeys(keys: unknown): readonly string[] {
  const listed = Array.isArray(keys) ? keys.filter((key) => typeof key === "string" && key.length >= leastProofKeyLength) : []
  if (Array.isArray(keys) && listed.length === keys.length && keys.length > 0) return listed
  const wanted = `answer a list of keys of at least ${leastProofKeyLength} characters each, and no promise`
  throw new PdpError("ERR_CONFIG_INVALID", `the option 'gatewayDecisions.keys' answered something else than usable keys; ${wanted}`)
}

function callerOf(principal: Principal): Caller {
  return { principal, proof: principal.id === "" ? "none" : "principal_headers", dropped: [] }
}

function attempt<Value>(work: () => Value): { readonly value: Value } | { readonly error: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}

function unproven(reason: Unproven["reason"], error?: unknown): GatewayFinding {
  return { kind: "unproven", unproven: { reason, ...(error !== undefined && { error }) } }
}
