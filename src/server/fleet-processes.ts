import type { KnownProcess, PublishedStates } from "../fleet/index.js"
import { parseRevision } from "../model/revision.js"
import type { ServerContext } from "./context.js"

/** The PDP processes of a fleet, this one first. */
export interface ShownProcesses {
  readonly pdps: readonly object[]
  /** The others cannot be asked for now. */
  readonly pdps_unknown?: true
}

/** This process, and those that decide on the same database, as they have last said. */
export async function shownProcesses(context: ServerContext): Promise<ShownProcesses> {
  const { pdp, version, processes, logger, distribution } = context
  const { ready, revision, policy, authorizationData } = pdp.status()
  const digests = { policy_digest: policy.digest, authorization_data_digest: authorizationData.digest }
  const self = {
    this_process: true,
    state: ready ? "current" : "not_ready",
    version,
    ready,
    ...(revision !== undefined && { revision }),
    ...digests,
  }
  try {
    const others = await processes()
    return { pdps: [self, ...others.map((one) => shown(one, digests, distribution.published))] }
  } catch (thrown) {
    logger.warn({ err: thrown }, "the other processes on the database cannot be asked for")
    return { pdps: [self], pdps_unknown: true }
  }
}

interface Digests {
  readonly policy_digest: string
  readonly authorization_data_digest: string
}

function shown(one: KnownProcess, own: Digests, published: PublishedStates): object {
  const { name, version, ready, revision, policyDigest, authorizationDataDigest, silentMs } = one
  const differs = [
    ...(policyDigest === own.policy_digest ? [] : ["policy"]),
    ...(authorizationDataDigest === own.authorization_data_digest ? [] : ["authorization_data"]),
  ]
  return {
    this_process: false,
    name,
    state: stateOf(one, published),
    version,
    ready,
    ...(revision !== undefined && { revision }),
    policy_digest: policyDigest,
    authorization_data_digest: authorizationDataDigest,
    ...(ready && differs.length > 0 && { differs }),
    seen_seconds_ago: Math.round(silentMs) / 1_000,
  }
}

/** How it was when it was heard from: what has changed since, it may know of. */
function stateOf({ isLost, ready, revision, silentMs }: KnownProcess, published: PublishedStates): string {
  if (isLost) return "lost"
  if (!ready || revision === undefined) return "not_ready"
  const { revisions, sinceMs } = published.behind(parseRevision(revision))
  if (revisions === undefined) return "behind"
  return revisions > 0 && (sinceMs ?? Number.POSITIVE_INFINITY) > silentMs + slackMs ? "behind" : "current"
}

/** In which a change gets from one process to another. */
const slackMs = 1_000
