import type { Policy } from "../policy/index.js"
import type { Store } from "../store/index.js"
import type { Decision } from "../model/decision.js"
import type { Profile } from "./pdp.js"

/** What decides at one moment. Policy, store and revision belong together; replaced as a whole. */
export interface Active {
  readonly policy: Policy
  readonly store: Store
  readonly profile: Profile
  readonly revision: string
  /** The two decisions there can be at this revision. */
  readonly allowed: Decision
  readonly denied: Decision
}

/** Ties policy, store and revision together. */
export function activeState(parts: Pick<Active, "policy" | "store" | "profile" | "revision">): Active {
  const { revision } = parts
  return { ...parts, allowed: Object.freeze({ allowed: true, revision }), denied: Object.freeze({ allowed: false, revision }) }
}
