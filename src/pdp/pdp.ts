import type { AuthorizationRequest, Decision, Explanation, PermissionsRequest, RoleRequest } from "../model/decision.js"
import type { RequestOrigin } from "../decision-log/index.js"
import type { BindingsView } from "../bundle/index.js"
import type { Finding } from "../authorization-data/index.js"
import type { RoleBinding } from "../model/role-binding.js"
import type { BundleStatus } from "./bundle-status.js"
import type { Lookups } from "./lookups.js"

/** Which rules decide: ours, or those of the reference system one for one. */
export type Profile = "hardened" | "nemo"

/** Why a new state decides: the first bindings, or a snapshot of them on disk; a change of bindings; some have expired; new authorization data or policy. */
export type ActivationCause = "start" | "snapshot" | "bindings" | "expiry" | "authorization-data" | "policy"

/** What {@link Pdp.on} can listen to. */
export interface PdpEvents {
  /** A new state decides from now on. */
  readonly activation: { readonly revision: string; readonly cause: ActivationCause; readonly changes: number }
  /** A refresh failed; the last good state keeps deciding. Of the snapshot on disk (source `snapshot <path>`): it was refused, or could not be written. */
  readonly refreshFailure: { readonly source: string; readonly error: Error; readonly attempt: number; readonly retryInMs: number }
  /** The authorization data has been read again; perhaps it is the same. */
  readonly authorizationData: Pick<AuthorizationDataStatus, "digest" | "warnings" | "added">
  /** A refresh works again, after as many failures in as many milliseconds. */
  readonly refreshRecovery: { readonly source: string; readonly failures: number; readonly failedForMs: number }
}

/** How a {@link Pdp} is. Ages and times are for people and metrics; nothing in here is secret. */
export interface PdpStatus {
  readonly ready: boolean
  readonly profile: Profile | "custom"
  readonly revision?: string
  readonly policy: { readonly digest: string; readonly entrypoints: readonly string[] }
  readonly authorizationData: AuthorizationDataStatus
  readonly bindings: number
  /** Bindings that name roles which the authorization data does not have: how many, and the ten such roles with the most of them. */
  readonly unknownRoles: { readonly bindings: number; readonly roles: readonly UnknownRole[] }
  /** One row per thing that is refreshed: bindings and authorization data. */
  readonly sources: readonly SourceStatus[]
  /** Present when one is kept. */
  readonly snapshot?: SnapshotStatus
  /** Present when a bundle decides. */
  readonly bundle?: BundleStatus
}

/** What the authorization data holds, and what its loader has to say about it. */
export interface AuthorizationDataStatus {
  readonly digest: string
  readonly roles: number
  readonly endpoints: number
  readonly operations: number
  readonly warnings: readonly Finding[]
  /** What the hardened profile added to a reference document, one line for each operation. */
  readonly added: readonly string[]
}

/** A role that bindings name and the authorization data does not have. */
export interface UnknownRole {
  readonly role: string
  /** How many bindings name it. */
  readonly bindings: number
  /** The role that was meant, perhaps. */
  readonly nearest?: string
}

/** How the refresh of one source fares. */
export interface SourceStatus {
  readonly name: string
  readonly lastSuccess?: string
  /** Seconds since `lastSuccess`. */
  readonly ageSeconds?: number
  /** Present while refreshes fail: since when, how often, why. */
  readonly failing?: { readonly since: string; readonly attempts: number; readonly message: string }
}

/** How the snapshot on disk fares. */
export interface SnapshotStatus {
  readonly path: string
  /** True while decisions rest on it: the source has not answered since the start. */
  readonly decides: boolean
  /** Of what the file holds. Like the following, absent until this process has written it, or has decided on it. */
  readonly revision?: string
  readonly bindings?: number
  /** When the source had answered last, as the file says. */
  readonly takenAt?: string
  /** Seconds since `takenAt`. */
  readonly ageSeconds?: number
  /** Present while it cannot be written, or was refused: since when, how often, why. */
  readonly failing?: { readonly since: string; readonly attempts: number; readonly message: string }
}

/** One consistent state, for bundles. Read it in the same tick. */
export interface PdpSnapshot {
  readonly revision: string
  readonly profile: Profile
  /** `data.authz_data`: roles and index. */
  readonly authzData: unknown
  /** Read-only, and of this revision in the same tick only. */
  readonly bindings: BindingsView
}

/** The data of a policy of one's own. */
export interface PolicyData {
  /** The document that the next decision rests on. Read-only. */
  read(): unknown
  /**
   * Puts another document in its place: built beside it, loaded into a policy of its own, then swapped, so that decisions see all of it or nothing.
   * One edit follows the other.
   *
   * @param edit the new document of the present one, which it leaves as it is; what it throws is thrown
   * @returns the revision from which on it decides
   * @throws {PdpError} `ERR_POLICY_INVALID` for what does not fit into the policy's memory, `ERR_OVERLOADED` when 100 edits wait, `ERR_CLOSED`
   */
  edit(edit: (document: unknown) => unknown): Promise<string>
}

/** What can be asked. All of it is synchronous. `origin` says in the decision log where a question came from. */
export interface Decisions {
  authorize(request: AuthorizationRequest, origin?: RequestOrigin): Decision
  /** Same answers, same order, in one pass on one state. */
  authorizeMany(requests: readonly AuthorizationRequest[], origin?: RequestOrigin): readonly Decision[]
  hasPermissions(request: PermissionsRequest, origin?: RequestOrigin): Decision
  hasRole(request: RoleRequest, origin?: RequestOrigin): Decision
  explain(request: AuthorizationRequest): Explanation
}

/**
 * A policy decision point. {@link Decisions} and `evaluate` throw `PdpError` when no decision could be made (`ERR_PDP_NOT_READY`, `ERR_PDP_STALE`,
 * `ERR_INPUT_INVALID`, `ERR_EVALUATION`, `ERR_CLOSED`), and never answer `allowed: true` then.
 */
export interface Pdp extends Decisions {
  /**
   * Evaluates an entrypoint with a policy input of the caller's own (`docs/policy.md`), with OPA's semantics: `undefined` when undefined.
   * For the product's policies, `bindings` in the input is dropped and the caller's slice attached.
   */
  evaluate(entrypoint: string, input: unknown, origin?: RequestOrigin): unknown
  /**
   * Makes one question of several evaluations of one input, or of none, where decisions are noted: a place inside a result, a package, base data.
   * Absent: nothing is noted.
   *
   * @param path of what is asked for, as entrypoints are named
   * @param answer evaluates what it needs
   * @returns what `answer` does
   */
  document?(path: string, input: unknown, answer: (evaluate: (entrypoint: string) => unknown) => unknown, origin?: RequestOrigin): unknown
  /** Of a policy of one's own: its data. Absent: data comes from sources. */
  readonly data?: PolicyData | undefined
  /** Of a policy of one's own: the Rego that it was compiled from, by file name, as far as its bundle holds it. Absent: that is not known. */
  modules?(): ReadonlyMap<string, string>
  /** Which builtins could not answer in the evaluation just made, and why: ask in the same tick. Absent: that is not known. */
  builtinFailures?(): readonly string[]
  /** The bindings that a decision on this request can need; whatever else is bound makes no difference. */
  lookups(request: AuthorizationRequest | PermissionsRequest | RoleRequest): Lookups
  /** Decides with the same policy and authorization data on other bindings, for example those that a transaction sees. */
  whatIf(bindings: readonly RoleBinding[]): Decisions
  /** The roles there are, each with the permissions that it gives (`*`: everything). */
  roles(): ReadonlyMap<string, readonly string[]>
  /** The revision that the next decision rests on. @throws {PdpError} `ERR_PDP_NOT_READY` */
  revision(): string
  /**
   * Resolves when decisions reflect `revision`.
   * Rejects with `ERR_REVISION_TIMEOUT` (after `timeoutMs`, default 10,000), `ERR_REVISION_UNKNOWN_EPOCH`, `ERR_CLOSED`, or `ERR_OVERLOADED` (over 1,000 waiters).
   */
  atLeast(revision: string, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>
  /** Asks every source for news now; resolves when done. Rejects with the failure, which is also an event. */
  refresh(): Promise<void>
  status(): PdpStatus
  snapshot(): PdpSnapshot
  /** @returns stops listening */
  on<Name extends keyof PdpEvents>(name: Name, listener: (event: PdpEvents[Name]) => void): () => void
  /** Stops timers and watches, closes the sources. Further decisions throw `ERR_CLOSED`. */
  close(): Promise<void>
}
