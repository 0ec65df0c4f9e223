import type { FleetClient } from "./fleet-client.js"
import { liveness, type Liveness } from "./liveness.js"

/** What is known of a client by its polls. */
export interface PollingClient {
  readonly client: FleetClient
  readonly liveness: Liveness
  readonly bundles: Map<string, PolledBundle>
}

/** One bundle that it polls. */
export interface PolledBundle {
  /** `If-None-Match` of the last poll: what it runs. */
  tag: string | undefined
  polledAt: number
  /** The whole bundle that it was sent last, unless a delta was sent since. `cameBack`: it has asked since, and does not run it. */
  served: { readonly etag: string; readonly at: number; cameBack: boolean } | undefined
  /** What it was sent and has not come back with. Several OPAs behind one client come back one by one. */
  unconfirmed: readonly Unconfirmed[]
}

interface Unconfirmed {
  readonly etag: string
  readonly from: string | undefined
  readonly at: number
}

export function pollingClient(client: FleetClient, now: () => number): PollingClient {
  return { client, liveness: liveness(now), bundles: new Map() }
}

/** Takes note of a poll. */
export function notePoll({ bundles }: PollingClient, name: string, tag: string | undefined, at: number): void {
  const known = bundles.get(name)
  if (!known) {
    if (bundles.size < mostBundles) bundles.set(name, { tag, polledAt: at, served: undefined, unconfirmed: [] })
    return
  }
  const answered = known.unconfirmed.findIndex(({ etag, from }) => etag === tag || from === tag)
  known.unconfirmed = known.unconfirmed.filter((one, index) => index !== answered && at - one.at < confirmedWithinMs)
  if (known.served && known.served.etag !== tag) known.served.cameBack = true
  known.tag = tag
  known.polledAt = at
}

/** Takes note of a bundle that is sent. */
export function noteServed({ bundles }: PollingClient, name: string, { etag, isDelta, at }: SentBundle): void {
  const known = bundles.get(name)
  if (!known) return
  known.served = isDelta ? undefined : { etag, at, cameBack: false }
  known.unconfirmed = [...known.unconfirmed.slice(-mostUnconfirmed), { etag, from: known.tag, at }]
}

interface SentBundle {
  readonly etag: string
  readonly isDelta: boolean
  readonly at: number
}

/** The tags that OPAs behind this client may still run; undefined: none, because one has not activated anything. */
export function tagsOf({ tag, unconfirmed }: PolledBundle, at: number): readonly (string | undefined)[] {
  return [tag, ...unconfirmed.filter((one) => at - one.at < confirmedWithinMs).map(({ from }) => from)]
}

const mostBundles = 300
const mostUnconfirmed = 99
const confirmedWithinMs = 60_000
