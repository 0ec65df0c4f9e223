import type { Timers } from "../model/timers.js"
import type { Fleet } from "./fleet.js"
import { includes, type FleetMember } from "./fleet-member.js"

/** How far a revision has come. */
export interface FleetReach {
  /** How many live OPAs are known. */
  readonly waitedFor: number
  /** Those of them that do not run it yet, or failed to. */
  readonly missing: readonly FleetMember[]
  /** There are more, which are not known one by one: nothing can be said of them. */
  readonly hasUntracked: boolean
}

/** Waits until all live OPAs run a revision or a later one, those that do not have failed to, or time is up. */
export type FleetBarrier = (revision: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<FleetReach>

/** What {@link fleetBarrier} needs. */
export interface BarrierOptions {
  readonly fleet: Fleet
  /** Has the bundles of now made, so that it is known which states they hold. */
  readonly publish: () => Promise<void>
  readonly timers: Timers
  /** How many may wait at a time; further ones are told at once how far it is. Default 1,000. */
  readonly mostWaiting?: number
}

/**
 * A barrier across a fleet. It rests on what OPAs say alone: no time is waited for.
 *
 * Lost ones are not waited for. One that says that it cannot use the bundle it was sent is missing, and nobody waits for it either.
 */
export function fleetBarrier({ fleet, publish, timers, mostWaiting = 1_000 }: BarrierOptions): FleetBarrier {
  let waiting = 0
  const reachOf = (revision: string): FleetReach => {
    const live = fleet.members().filter(({ isLost }) => !isLost)
    return { waitedFor: live.length, missing: live.filter((one) => !includes(one.state, revision)), hasUntracked: fleet.hasUntracked() }
  }
  return async (revision, { timeoutMs, signal }) => {
    await publish()
    const first = reachOf(revision)
    if (isOver(first, revision) || waiting >= mostWaiting || timeoutMs <= 0 || signal.aborted) return first
    waiting++
    try {
      return await new Promise((resolve) => {
        let isLooking = false
        const look = (): void => {
          isLooking = false
          const reach = reachOf(revision)
          if (isOver(reach, revision)) end(reach)
        }
        // Many are heard in one turn of the event loop.
        const stopListening = fleet.onNews(() => {
          if (isLooking) return
          isLooking = true
          setImmediate(look)
        })
        const again = (): void => {
          cancelLook = timers.after(lookMs, () => {
            look()
            again()
          })
        }
        let cancelLook = (): void => undefined
        again()
        const cancelEnd = timers.after(timeoutMs, () => end(reachOf(revision)))
        const onAbort = (): void => end(reachOf(revision))
        signal.addEventListener("abort", onAbort)
        const end = (reach: FleetReach): void => {
          stopListening()
          cancelLook()
          cancelEnd()
          signal.removeEventListener("abort", onAbort)
          resolve(reach)
        }
      })
    } finally {
      waiting--
    }
  }
}

/** How soon it is noticed that somebody is lost: of that nobody tells. */
const lookMs = 1_000

/** Nobody is missing but those who have failed. */
function isOver({ missing }: FleetReach, revision: string): boolean {
  return missing.every(({ bundles }) => bundles.some(({ failed }) => includes(failed, revision)))
}
