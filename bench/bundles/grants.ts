import { setTimeout as pause } from "node:timers/promises"
import { monotonicMs } from "../propagation/monotonic.js"
import type { Publisher } from "./start-publisher.js"
import type { StockOpa } from "./stock-opa.js"

/** What one grant took, in milliseconds. */
export interface Decided {
  /** From the grant until the OPA has answered that it is allowed. */
  readonly ms: number
  /** For how much of that it had no answer at all, to nobody. */
  readonly undefinedMs: number
}

/**
 * Grants roles one after the other, each of them when the OPA waits for news again.
 *
 * @param polls how many bundles it takes
 * @throws {Error} when it does not allow what was granted within a minute
 */
export async function granted(publisher: Publisher, opa: StockOpa, polls: number, grants: number): Promise<readonly Decided[]> {
  const all: Decided[] = []
  for (let at = -warmUps; at < grants; at++) {
    await publisher.waitsWith(polls)
    const decided = await grantedOnce(publisher, opa)
    if (at >= 0) all.push(decided)
  }
  return all
}

const warmUps = 2
const longestMs = 60_000
/** How much of what has passed is waited until it is asked again: asking costs OPA time, too. */
const resolution = 0.02

async function grantedOnce(publisher: Publisher, opa: StockOpa): Promise<Decided> {
  const { binding, atMs } = await publisher.grant()
  let undefinedMs = 0
  let askedMs = monotonicMs() - atMs
  for (;;) {
    const isAllowed = await opa.allows(binding)
    const ms = monotonicMs() - atMs
    if (isAllowed) return { ms, undefinedMs }
    if (ms > longestMs) throw new Error(`OPA does not allow ${binding.principal} ${Math.round(ms)} ms after the grant`)
    await pause(1 + ms * resolution)
    if (isAllowed === undefined) undefinedMs += monotonicMs() - atMs - askedMs
    askedMs = monotonicMs() - atMs
  }
}
