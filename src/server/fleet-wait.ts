import type { FleetMember, FleetReach, KnownProcess, ProcessReach } from "../fleet/index.js"
import { formatRevision } from "../model/revision.js"
import type { ServerContext } from "./context.js"

/** How far a write has come beyond this process. */
export interface WholeReach {
  readonly opas: FleetReach
  readonly processes: ProcessReach
}

/** Waits for the OPAs that take bundles here, and for the other processes on the database. */
export async function reachesFleet(
  { distribution, processBarrier }: Pick<ServerContext, "distribution" | "processBarrier">,
  revision: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<WholeReach> {
  const [opas, processes] = await Promise.all([distribution.barrier(revision, options), processBarrier(revision, options)])
  return { opas, processes }
}

/** The member `fleet` of a write's answer: whom it waited for, and who does not decide on it yet. Names and revisions only: whoever writes need not be an operator. */
export function fleetAnswer({ opas, processes }: WholeReach): object {
  return {
    waited_for: opas.waitedFor + processes.waitedFor,
    missing: [...opas.missing.map(shownMissing), ...processes.missing.map(shownMissingProcess)],
    ...(opas.hasUntracked && { more_opas: true }),
    ...(processes.isUnknown && { pdps_unknown: true }),
  }
}

/** True when all of them decide on it. */
export function isEverywhere({ opas, processes }: WholeReach): boolean {
  return opas.missing.length === 0 && !opas.hasUntracked && processes.missing.length === 0 && !processes.isUnknown
}

function shownMissing({ id, state, bundles }: FleetMember): object {
  const errors = bundles.flatMap(({ error }) => error?.code ?? [])
  return { id, ...(state && { revision: formatRevision(state) }), ...(errors.length > 0 && { error: errors[0] }) }
}

function shownMissingProcess({ name, revision }: KnownProcess): object {
  return { id: name, ...(revision !== undefined && { revision }) }
}
