import { z } from "zod"
import { isDropped, type DropFilter } from "./drop-filter.js"
import type { DecisionEntry } from "./entry.js"
import { eventOf, type EventFrame, type LogEvent } from "./event.js"
import { explained, isToBeExplained, type ExplainWhich } from "./explanations.js"
import { MaskRule, withMasks } from "./mask-rules.js"
import type { PrincipalMask } from "./principal-hash.js"
import type { LoggedPolicy } from "./recorder.js"
import { withoutJwts } from "./scrub.js"
import type { DropCause } from "./tally.js"

/** How an entry becomes a line. */
export interface LineOptions {
  readonly frame: EventFrame
  readonly explain: ExplainWhich
  readonly filters: readonly DropFilter[]
  readonly maskPrincipal: PrincipalMask | undefined
  readonly masks: readonly MaskRule[]
  /** Ask the policy's `system/log/drop` and `system/log/mask`. */
  readonly policyDrops: boolean
  readonly policyMasks: boolean
}

/** JSON text, or why there is none. */
export type Line = { readonly text: string } | { readonly cause: DropCause }

/** Makes the line of an entry. Never throws. @param mayExplain false while there is too much to do */
export function lineOf(entry: DecisionEntry, options: LineOptions, mayExplain: boolean): Line {
  try {
    const event = eventOf(entry, options.frame)
    if (isDropped(event, options.filters)) return { cause: "filtered" }
    const known = mayExplain && isToBeExplained(options.explain, entry) ? explained(entry, event) : event
    if (known !== event && isDropped(known, options.filters)) return { cause: "filtered" }
    return finished(known, options, entry.policy)
  } catch {
    return { cause: "invalid" }
  }
}

/** The same for an event that somebody else made. @param policy ours, which is asked about it; without one a mask that it should have been asked for fails */
export function receivedLine(event: LogEvent, options: LineOptions, policy: LoggedPolicy | undefined): Line {
  try {
    return isDropped(event, options.filters) ? { cause: "filtered" } : finished(event, options, policy)
  } catch {
    return { cause: "invalid" }
  }
}

function finished(event: LogEvent, options: LineOptions, policy: LoggedPolicy | undefined): Line {
  const anonymous = options.maskPrincipal ? options.maskPrincipal(event) : event
  if (policy && options.policyDrops && saysDrop(policy, anonymous)) return { cause: "filtered" }
  const masked = withMasks(anonymous, options.masks)
  const rules = options.policyMasks ? rulesOf(policy, masked) : []
  return rules === undefined ? { cause: "mask_failed" } : { text: withoutJwts(JSON.stringify(withMasks(masked, rules))) }
}

/** A filter that fails does not keep an event out of the log. */
function saysDrop(policy: LoggedPolicy, event: LogEvent): boolean {
  try {
    return policy.evaluate("system/log/drop", event) === true
  } catch {
    return false
  }
}

const Rules = z.array(MaskRule)

/** A mask that fails does, as in OPA: what it would have taken out must not get there. */
function rulesOf(policy: LoggedPolicy | undefined, event: LogEvent): readonly MaskRule[] | undefined {
  if (!policy) return undefined
  try {
    const rules = policy.evaluate("system/log/mask", event)
    return rules === undefined ? [] : Rules.safeParse(rules).data
  } catch {
    return undefined
  }
}
