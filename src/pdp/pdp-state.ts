import { PdpError } from "../errors.js"
import { formatRevision, newEpoch, type Revision } from "../model/revision.js"
import type { RoleBindingStore } from "../store/index.js"
import { activeState, type Active } from "./active.js"
import type { PdpOptions } from "./options.js"
import type { PdpEvents, Profile } from "./pdp.js"
import { loadProductPolicy, type ProductPolicy } from "./product-policy.js"
import type { SourceHealth } from "./source-health.js"

/** What a PDP decides on, and how it comes to something newer. Every step is synchronous and whole. */
export interface PdpState {
  /** What decides now. @throws {PdpError} `ERR_PDP_NOT_READY`, `ERR_PDP_STALE`, `ERR_CLOSED` */
  active(): Active
  /** The revision of the moment; before the first bindings, sequence 0. */
  revision(): Revision
  product(): ProductPolicy
  /** Undefined before the first bindings. */
  store(): RoleBindingStore | undefined
  /** The bindings that are held; undefined before the first ones. */
  held(): HeldState | undefined
  /** Takes bindings. @param given the revision, by a source that numbers changes itself */
  takeBindings(store: RoleBindingStore, changes: number, given: Revision | undefined, cause?: "snapshot"): void
  /** Reads the authorization data again; nothing decides on it yet. */
  load(): Promise<ProductPolicy>
  /** Lets it decide from the next bindings on, in one step with them; {@link commit} does so when none come. */
  stage(next: ProductPolicy): void
  /** Lets what is staged decide now, if it does not yet. */
  commit(): void
  close(): void
}

/** Bindings, and what is said about them. */
export interface HeldState {
  readonly store: RoleBindingStore
  readonly revision: string
  /** True when the source gave the revision. */
  readonly numbered: boolean
  /** Another value after each activation. */
  readonly version: unknown
}

/** What others hear and say. */
export interface StateEffects {
  /** A new state decides. Must not throw. */
  activated(event: PdpEvents["activation"], revision: Revision): void
  /** How the source of the bindings fares. */
  readonly health: Pick<SourceHealth, "lastSuccess" | "lastFailure">
  /** Milliseconds since the epoch. */
  now(): number
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` when `maxStalenessSeconds` is out of range */
export function pdpState(profile: Profile, options: PdpOptions, first: ProductPolicy, effects: StateEffects): PdpState {
  const maxAgeMs = maxStalenessMs(options)
  let product = first
  let staged: ProductPolicy | undefined
  let store: RoleBindingStore | undefined
  let revision: Revision = { epoch: newEpoch(), sequence: 0 }
  /** True when the source gives the revisions. */
  let numbered = false
  let current: Active | undefined
  let closed = false

  const activate = (cause: PdpEvents["activation"]["cause"], changes: number, given?: Revision): Active | undefined => {
    if (!store || closed) return undefined
    revision = given ?? { epoch: revision.epoch, sequence: revision.sequence + 1 }
    current = activeState({ policy: product.policy, store, profile, revision: formatRevision(revision) })
    effects.activated({ revision: current.revision, cause, changes }, revision)
    return current
  }
  /** @returns true when it decides otherwise than what was there before */
  const adopt = (): boolean => {
    const before = product
    product = staged ?? product
    staged = undefined
    return product.policy !== before.policy
  }
  const unexpired = (state: Active): Active => {
    const changes = store?.expire(effects.now()) ?? 0
    if (changes === 0) return state
    return activate("expiry", changes, numbered ? revision : undefined) ?? state
  }
  const checkAge = (maxMs: number): void => {
    const lastSuccess = effects.health.lastSuccess()
    if (lastSuccess === undefined || effects.now() - lastSuccess <= maxMs) return
    const age = Math.round((effects.now() - lastSuccess) / 1_000)
    const why = effects.health.lastFailure() ?? "the source has not answered since"
    throw new PdpError(
      "ERR_PDP_STALE",
      `role bindings are ${age} s old, and at most ${maxMs / 1_000} s are allowed (max_staleness_seconds, maxStalenessSeconds): ${why}; mend the source`,
    )
  }

  return {
    active: () => {
      if (closed) throw new PdpError("ERR_CLOSED", "the PDP is closed")
      if (!current)
        throw new PdpError(
          "ERR_PDP_NOT_READY",
          `role bindings have not been loaded yet: ${effects.health.lastFailure() ?? "the first read is under way"}`,
        )
      if (maxAgeMs !== undefined) checkAge(maxAgeMs)
      return current.store.nextExpiry === Number.POSITIVE_INFINITY ? current : unexpired(current)
    },
    revision: () => revision,
    product: () => product,
    store: () => store,
    held: () => store && current && { store, numbered, revision: current.revision, version: current },
    takeBindings: (next, changes, given, cause) => {
      const isNewPolicy = adopt()
      const isNews = !current || isNewPolicy || changes > 0 || store !== next || (given !== undefined && formatRevision(given) !== current.revision)
      const isFirst = !store
      store = next
      numbered = given !== undefined
      if (isNews) activate(cause ?? causeOf(isFirst, isNewPolicy), isNewPolicy ? changes + 1 : changes, given)
    },
    load: () => loadProductPolicy(options, product),
    stage: (next) => {
      staged = next
    },
    commit: () => {
      // A source that numbers changes is told of this one, and numbers it, too.
      if (adopt()) activate("authorization-data", 1, numbered ? revision : undefined)
    },
    close: () => {
      closed = true
    },
  }
}

function causeOf(isFirst: boolean, isNewPolicy: boolean): PdpEvents["activation"]["cause"] {
  if (isFirst) return "start"
  return isNewPolicy ? "authorization-data" : "bindings"
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` */
export function maxStalenessMs({ maxStalenessSeconds }: Pick<PdpOptions, "maxStalenessSeconds">): number | undefined {
  if (maxStalenessSeconds === undefined) return undefined
  if (maxStalenessSeconds > 0) return maxStalenessSeconds * 1_000
  throw new PdpError("ERR_CONFIG_INVALID", `maxStalenessSeconds is ${maxStalenessSeconds}; give seconds above 0, or leave it out`)
}
