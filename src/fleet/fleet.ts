import { clientKey, type FleetClient } from "./fleet-client.js"
import { fleetInstance, noteReport, type FleetInstance } from "./fleet-instance.js"
import type { FleetMember } from "./fleet-member.js"
import { memberByPolls, memberByStatus } from "./fleet-view.js"
import type { Liveness } from "./liveness.js"
import { notePoll, noteServed, pollingClient, type PollingClient } from "./polling-client.js"
import type { PublishedStates } from "./published-states.js"
import type { ReportedBundle, StatusReport } from "./status-report.js"

/** The OPAs that take bundles here, and what each of them runs: as their polls and reports say. */
export interface Fleet {
  /** A poll has come. @param tag of what the client runs @param waitMs it may wait here for so long */
  polled(client: FleetClient, name: string, tag: string | undefined, waitMs: number): Poll
  /** A status has come. */
  reported(client: FleetClient, report: StatusReport): void
  /** All of them; those that are lost stay for an hour. */
  members(): readonly FleetMember[]
  /** Some are not among them, because who they are had too many already. */
  hasUntracked(): boolean
  /** The bundles that anybody has polled. */
  names(): ReadonlySet<string>
  /** Told whenever something was heard. @returns stops it */
  onNews(listener: () => void): () => void
}

/** A poll that has come. */
export interface Poll {
  /** It begins to wait. @returns it waits no more; `hungUp`: its connection is gone */
  held(): (end: "answered" | "hungUp") => void
  /** It is answered with what leads to this bundle. @param isDelta who cannot use that gets the whole one at once */
  served(etag: string, isDelta?: boolean): void
}

/** Options of {@link createFleet}. */
export interface FleetOptions {
  /** Which states bundles hold. */
  readonly published: PublishedStates
  /** The names of our bundles. */
  readonly bundles: readonly string[]
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Of one token or principal. Default 1,000. */
  readonly mostMembers?: number
}

/** A fleet of which nothing has been heard yet. */
export function createFleet({ published, bundles, now, mostMembers = 1_000 }: FleetOptions): Fleet {
  const ours = new Set(bundles)
  const clients = new Map<string, PollingClient>()
  const instances = new Map<string, FleetInstance>()
  const listeners = new Set<() => void>()
  let refusedAt: number | undefined
  const tell = (): void => listeners.forEach((listener) => listener())

  return {
    polled(client, name, tag, waitMs) {
      const key = clientKey(client)
      const known = clients.get(key) ?? admitted(clients, key, client.who, () => pollingClient(client, now))
      if (!known) return untrackedPoll
      known.liveness.heard(waitMs)
      notePoll(known, name, tag, now())
      tell()
      return {
        held: () => {
          const release = known.liveness.held()
          return (end) => {
            release(end)
            if (end === "hungUp") tell()
          }
        },
        served: (etag, isDelta = false) => noteServed(known, name, { etag, isDelta, at: now() }),
      }
    },
    reported(client, said) {
      const report = { ...said, bundles: said.bundles.map((bundle) => withoutFuture(bundle, published)) }
      const id = report.id ?? `${client.address} ${client.userAgent}`
      const key = JSON.stringify([client.who, id])
      if (!instances.has(key)) forgetReplaced(client)
      const known = instances.get(key) ?? admitted(instances, key, client.who, () => fleetInstance(id, client, report, now))
      if (!known) return
      noteReport(known, client, report, now())
      tell()
    },
    members() {
      forget()
      const facts = { published, ours, now: now() }
      const reporting = byClient([...instances.values()].filter((one) => one.liveness.isLive()))
      const byStatus = [...instances.values()].map((one) => {
        const key = clientKey(one.client)
        return memberByStatus(one, clients.get(key), reporting.get(key) === 1, facts)
      })
      const silent = [...clients].filter(([key]) => !reporting.has(key))
      return [...byStatus, ...silent.map(([, one]) => memberByPolls(one, facts))]
    },
    hasUntracked: () => refusedAt !== undefined && now() - refusedAt < untrackedMs,
    names: () => new Set([...clients.values()].flatMap((one) => [...one.bundles.keys()])),
    onNews(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }

  /** Room for one more; who is lost makes it. */
  function admitted<Known extends Tracked>(all: Map<string, Known>, key: string, who: string, make: () => Known): Known | undefined {
    forget()
    const same = [...all].filter(([, { client }]) => client.who === who)
    if (same.length >= mostMembers) {
      const [lost] = same.find(([, one]) => !one.liveness.isLive()) ?? []
      if (lost === undefined) {
        refusedAt = now()
        return undefined
      }
      all.delete(lost)
    }
    const made = make()
    all.set(key, made)
    return made
  }

  /** An OPA that starts anew has another id: the one that hung up or said good-bye before, at the same place, is not lost, but replaced. */
  function forgetReplaced(client: FleetClient): void {
    const key = clientKey(client)
    const leftAt = clients.get(key)?.liveness.leftAt() ?? Number.NEGATIVE_INFINITY
    for (const [id, one] of instances) if (clientKey(one.client) === key && (one.heardAt <= leftAt || one.report.isEnding)) instances.delete(id)
  }

  function forget(): void {
    for (const all of [clients, instances])
      for (const [key, { liveness }] of all) if (!liveness.isLive() && liveness.silentMs() > shownMs) all.delete(key)
  }
}

interface Tracked {
  readonly client: FleetClient
  readonly liveness: Liveness
}

const shownMs = 3_600_000
const untrackedMs = 900_000
const untrackedPoll: Poll = { held: () => () => undefined, served: () => undefined }

/** What is said of a state that there is not yet must not come true when there is. */
function withoutFuture(bundle: ReportedBundle, published: Pick<PublishedStates, "isAhead">): ReportedBundle {
  const isAhead = bundle.activeRevision !== undefined && published.isAhead(bundle.activeRevision)
  return isAhead ? { ...bundle, activeRevision: undefined } : bundle
}

function byClient(instances: readonly FleetInstance[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { client } of instances) counts.set(clientKey(client), (counts.get(clientKey(client)) ?? 0) + 1)
  return counts
}
