import type { Revision } from "../model/revision.js"
import type { FleetInstance } from "./fleet-instance.js"
import { stateOfAll, type FleetBundle, type FleetMember } from "./fleet-member.js"
import { hungUpMs } from "./liveness.js"
import { tagsOf, type PolledBundle, type PollingClient } from "./polling-client.js"
import type { PublishedStates } from "./published-states.js"
import type { ReportedBundle } from "./status-report.js"

/** What members are made of. */
export interface FleetFacts {
  readonly published: PublishedStates
  /** The names of our bundles. */
  readonly ours: ReadonlySet<string>
  readonly now: number
}

/** A client that reports nothing. */
export function memberByPolls({ client, liveness, bundles }: PollingClient, facts: FleetFacts): FleetMember {
  const polled = [...lately(bundles, facts)].map(([name, bundle]): FleetBundle => ({
    name,
    revision: bundle.tag === undefined ? undefined : facts.published.revisionOf(name, bundle.tag),
    state: polledState(name, bundle, facts),
    error: undefined,
    failed: undefined,
  }))
  return {
    id: `${client.address} ${client.userAgent}`,
    knownBy: "polls",
    ...client,
    version: /^(?:Open Policy Agent|portcullis)\/([\w.+-]{1,64})/.exec(client.userAgent)?.[1],
    labels: {},
    bundles: polled,
    state: stateOfAll(polled),
    isLost: !liveness.isLive(),
    isEnding: false,
    silentMs: liveness.silentMs(),
  }
}

/**
 * An OPA that reports.
 *
 * @param polling the client by which it polls, if that is known
 * @param isAlone no other OPA polls by it, so that its polls say what this one runs
 */
export function memberByStatus(instance: FleetInstance, polling: PollingClient | undefined, isAlone: boolean, facts: FleetFacts): FleetMember {
  const { id, client, report } = instance
  const polled = new Map(polling ? lately(polling.bundles, facts) : [])
  const named = report.bundles.flatMap((bundle) => {
    const name = ourName(bundle, report.bundles, polled, facts)
    return name === undefined ? [] : [[name, bundle] as const]
  })
  const reported = named.map(([name, bundle]) => reportedBundle(name, bundle, instance, polled.get(name), isAlone, facts))
  const others = [...polled].filter(([name]) => isAlone && !named.some(([known]) => known === name))
  const bundles = [
    ...reported,
    ...others.map(([name, bundle]) => ({ name, revision: undefined, state: polledState(name, bundle, facts), error: undefined, failed: undefined })),
  ]
  const isLive = isAlone && polling ? polling.liveness.isLive() : instance.liveness.isLive()
  return {
    id,
    knownBy: "status",
    ...client,
    version: report.version,
    labels: report.labels,
    bundles,
    state: stateOfAll(bundles),
    isLost: !isLive || hasLeft(instance, polling, facts),
    isEnding: report.isEnding,
    silentMs: Math.min(instance.liveness.silentMs(), isAlone && polling ? polling.liveness.silentMs() : Infinity),
  }
}

const polledLatelyMs = 900_000

function* lately(bundles: ReadonlyMap<string, PolledBundle>, { now }: FleetFacts): Generator<readonly [string, PolledBundle]> {
  for (const [name, bundle] of bundles) if (now - bundle.polledAt < polledLatelyMs) yield [name, bundle]
}

function polledState(name: string, bundle: PolledBundle, { published, now }: FleetFacts): Revision | undefined {
  return stateOfAll(tagsOf(bundle, now).map((etag) => ({ state: etag === undefined ? undefined : published.stateOf(name, { etag }) })))
}

/** Its own name for a bundle may be another than ours; then it is the one that it polls and does not name. */
function ourName(
  { name }: ReportedBundle,
  all: readonly ReportedBundle[],
  polled: ReadonlyMap<string, PolledBundle>,
  { ours }: FleetFacts,
): string | undefined {
  if (ours.has(name)) return name
  const [rest, ...more] = [...polled.keys()].filter((one) => !all.some((other) => other.name === one))
  const strangers = all.filter((one) => !ours.has(one.name))
  return more.length === 0 && strangers.length === 1 ? rest : undefined
}

function reportedBundle(
  name: string,
  { name: ownName, activeRevision: revision, error }: ReportedBundle,
  { failingSince }: FleetInstance,
  polled: PolledBundle | undefined,
  isAlone: boolean,
  facts: FleetFacts,
): FleetBundle {
  const said = revision === undefined ? undefined : facts.published.stateOf(name, { revision })
  const shown = isAlone && polled ? polledState(name, polled, facts) : undefined
  const failedAt = failingSince.get(ownName)
  const sent = error && error.httpCode === undefined && failedAt !== undefined ? polled?.served : undefined
  // The error may still be that of a delta before: what became of the whole bundle is known when it asks again.
  return {
    name,
    revision,
    state: newer(said, shown),
    error,
    failed: sent?.cameBack === true && (failedAt ?? 0) >= sent.at ? facts.published.stateOf(name, { etag: sent.etag }) : undefined,
  }
}

function newer(one: Revision | undefined, other: Revision | undefined): Revision | undefined {
  if (!one || !other) return one ?? other
  return other.epoch === one.epoch && other.sequence > one.sequence ? other : one
}

/** Everybody behind its client hung up, and it was not heard from since. */
function hasLeft({ heardAt }: FleetInstance, polling: PollingClient | undefined, { now }: FleetFacts): boolean {
  const leftAt = polling?.liveness.leftAt()
  return leftAt !== undefined && heardAt <= leftAt && now - leftAt > hungUpMs
}
