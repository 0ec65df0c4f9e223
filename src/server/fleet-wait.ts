import type { FleetMember, FleetReach } from "../fleet/index.js"
import { formatRevision } from "../model/revision.js"

/** The member `fleet` of a write's answer: whom it waited for, and who does not decide on it yet. Names and revisions only: whoever writes need not be an operator. */
export function fleetAnswer({ waitedFor, missing, hasUntracked }: FleetReach): object {
  return { waited_for: waitedFor, missing: missing.map(shownMissing), ...(hasUntracked && { more_opas: true }) }
}

/** True when all of them decide on it. */
export function isEverywhere({ missing, hasUntracked }: FleetReach): boolean {
  return missing.length === 0 && !hasUntracked
}

function shownMissing({ id, state, bundles }: FleetMember): object {
  const errors = bundles.flatMap(({ error }) => error?.code ?? [])
  return { id, ...(state && { revision: formatRevision(state) }), ...(errors.length > 0 && { error: errors[0] }) }
}
