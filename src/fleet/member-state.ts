import type { FleetMember } from "./fleet-member.js"
import type { PublishedStates } from "./published-states.js"

/** How an OPA is, in one word. */
export type MemberState = "current" | "behind" | "failing" | "starting" | "lost" | "gone"

/** How it is, beside the state of now. */
export function memberState({ isLost, isEnding, bundles, state }: FleetMember, published: Pick<PublishedStates, "behind">): MemberState {
  if (isLost) return isEnding ? "gone" : "lost"
  if (bundles.some(({ error }) => error)) return "failing"
  if (!state) return "starting"
  return published.behind(state).revisions === 0 ? "current" : "behind"
}

/** How many are in which state; states that nobody is in count 0. */
export function countedStates(members: readonly FleetMember[], published: Pick<PublishedStates, "behind">): ReadonlyMap<MemberState, number> {
  const counts = new Map<MemberState, number>(states.map((state) => [state, 0]))
  for (const member of members) {
    const state = memberState(member, published)
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return counts
}

const states: readonly MemberState[] = ["current", "behind", "failing", "starting", "lost", "gone"]
