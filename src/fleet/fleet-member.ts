import { parseRevision, type Revision } from "../model/revision.js"
import type { BundleFailure } from "./status-report.js"

/** An OPA, or several that cannot be told apart. Times are milliseconds of the fleet's clock. */
export interface FleetMember {
  /** `labels.id`, or the address and User-Agent of who says nothing of itself. */
  readonly id: string
  /** How it is known: what it reports is exact; polls alone tell no two OPAs apart that share address, token and User-Agent. */
  readonly knownBy: "status" | "polls"
  readonly who: string
  readonly address: string
  readonly userAgent: string
  readonly version: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly bundles: readonly FleetBundle[]
  /** The newest state that it is known to have all of, in every bundle that it takes. Undefined: none yet. */
  readonly state: Revision | undefined
  /** It has not been heard from for longer than it would be silent. */
  readonly isLost: boolean
  /** It said that it ends. */
  readonly isEnding: boolean
  readonly silentMs: number
}

/** One bundle of a member. */
export interface FleetBundle {
  readonly name: string
  /** Of the manifest of what it runs. */
  readonly revision: string | undefined
  readonly state: Revision | undefined
  readonly error: BundleFailure | undefined
  /** The state of the bundle that it was sent, if it says that it cannot use it. */
  readonly failed: Revision | undefined
}

/** The oldest of the states of bundles: what all of them reflect. Undefined when there are none, or one is not known. */
export function stateOfAll(bundles: readonly Pick<FleetBundle, "state">[]): Revision | undefined {
  const [first, ...others] = bundles
  let oldest = first?.state
  for (const { state } of others) {
    if (!oldest || !state || state.epoch !== oldest.epoch) return undefined
    if (state.sequence < oldest.sequence) oldest = state
  }
  return oldest
}

/** True when a state has all of another one. @param revision of the other one, as text */
export function includes(state: Revision | undefined, revision: string): boolean {
  const wanted = parseRevision(revision)
  return state?.epoch === wanted.epoch && state.sequence >= wanted.sequence
}
