import type { BundleSigner } from "../bundle/index.js"
import { createFleet, fleetBarrier, publishedStates, servingMemory, transferSlots } from "../fleet/index.js"
import type { Fleet, FleetBarrier, PublishedStates, ServingMemory, TransferSlots } from "../fleet/index.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import type { Pdp } from "../pdp/pdp.js"
import type { Logger } from "../telemetry/index.js"
import { bundleTokens, type BundleTokenOptions, type BundleTokens } from "./bundle-tokens.js"
import type { ServerLimits } from "./limits.js"
import { servedBundles, type ServedBundles } from "./served-bundles.js"
import { waitingPolls, type WaitingPolls } from "./waiting-polls.js"

/** How bundles are given out. */
export interface BundleOptions {
  /** Who may fetch them, report and ask beside those whom the policy lets. Default: nobody. */
  readonly tokens?: readonly BundleTokenOptions[] | undefined
  /** Signs them, see `bundleSigner`; there are no deltas then. */
  readonly signer?: BundleSigner | undefined
  /** How many bundles the role bindings are spread over: a power of two, 256 at most. Default 16. */
  readonly bindingBundles?: number | undefined
}

/** Everything that gives out bundles, and knows who runs which. */
export interface Distribution {
  readonly bundles: ServedBundles
  readonly polls: WaitingPolls
  readonly memory: ServingMemory
  readonly slots: TransferSlots
  readonly fleet: Fleet
  readonly published: PublishedStates
  readonly barrier: FleetBarrier
  readonly tokens: BundleTokens
  /** Has every bundle of now made that somebody takes. */
  publish(): Promise<void>
  /** False: there are no roles that could give the right to fetch bundles, because the policy is not ours, or has none. */
  hasRoles(): boolean
  /** Counts changes of what decides: while it is the same, a bundle that was current still is. */
  generation(): number
  /** Tells those who wait that this process stops. */
  release(): void
  close(): Promise<void>
}

/** Surroundings of {@link createDistribution}. */
export interface DistributionOptions extends BundleOptions {
  readonly pdp: Pdp
  readonly logger: Logger
  readonly limits: Pick<ServerLimits, "longPolls">
  readonly now: () => number
  readonly timers?: Timers | undefined
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming what is wrong */
export function createDistribution({ pdp, logger, limits, now, timers = unrefTimers, ...options }: DistributionOptions): Distribution {
  const { signer, bindingBundles } = options
  const published = publishedStates(now)
  const bundles = servedBundles(pdp, { ...(signer && { signer }), ...(bindingBundles !== undefined && { bindingBundles }) }, published, logger)
  const polls = waitingPolls(limits.longPolls, timers)
  const fleet = createFleet({ published, bundles: bundles.names, now })
  const onProblem = (error: Error): void => logger.warn({ reason: error.message }, "the bundle tokens from before hold on")
  const tokens = bundleTokens(options.tokens ?? [], { onProblem, timers })
  let generation = 0
  let roles: { readonly generation: number; readonly areThere: boolean } | undefined
  let waking: Promise<void> | undefined
  const stopListening = pdp.on("activation", ({ revision }) => {
    generation++
    published.activated(revision)
    waking ??= wakeUntilStill().finally(() => (waking = undefined))
  })
  if (pdp.status().revision !== undefined) published.activated(pdp.revision())
  const publish = async (): Promise<void> => {
    for (const name of fleet.names()) await bundles.current(name)
  }

  return {
    bundles,
    polls,
    memory: servingMemory(now),
    slots: transferSlots(mostTransfers, mostTransfersInAll),
    fleet,
    published,
    barrier: fleetBarrier({ fleet, publish, timers }),
    tokens,
    publish,
    hasRoles: () => {
      // Looking is too dear for every poll, and what it says changes with what decides only.
      if (roles?.generation === generation) return roles.areThere
      const { profile, authorizationData, ready } = pdp.status()
      const areThere = profile !== "custom" && (!ready || authorizationData.roles > 0)
      if (ready) roles = { generation, areThere }
      return areThere
    },
    generation: () => generation,
    release: polls.wakeAll,
    async close() {
      stopListening()
      tokens.close()
      polls.wakeAll()
      await waking
      await bundles.close()
    },
  }

  /** However fast changes come, each bundle is built one after the other, and only while somebody waits for it. */
  async function wakeUntilStill(): Promise<void> {
    for (let seen = -1; seen !== generation;) {
      seen = generation
      for (const name of polls.names()) await wake(name)
    }
  }

  async function wake(name: string): Promise<void> {
    try {
      const { bundle } = await bundles.current(name)
      await polls.wake(name, bundle.etag)
    } catch (thrown) {
      // Those who wait learn of it when their time is up.
      logger.debug({ err: thrown, bundle: name }, "no bundle to wake with")
    }
  }
}

/** Bundles that are taken at the same time by one token or principal, from wherever it asks and whatever it calls itself. */
const mostTransfers = 256
/** All together. */
const mostTransfersInAll = 1_024
