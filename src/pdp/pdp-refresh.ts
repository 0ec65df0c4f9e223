import { messageOf, PdpError } from "../errors.js"
import type { RoleBinding } from "../model/role-binding.js"
import { memorySource, startRefresh, type Refresh, type Source, type SourcePosition } from "../source/index.js"
import { bindingsReading, type BindingsReadingEffects } from "./bindings-reading.js"
import type { EarlyWatch } from "./early-watch.js"
import type { PdpOptions } from "./options.js"
import type { PdpEvents, SnapshotStatus, SourceStatus } from "./pdp.js"
import type { HeldState } from "./pdp-state.js"
import { authorizationDataFiles, type ProductPolicy } from "./product-policy.js"
import { keepSnapshot, type SnapshotKeeper, type SnapshotState } from "./snapshot-keeper.js"
import { sourceHealth, type SourceHealth } from "./source-health.js"

/** What a refresh tells the PDP. Must not throw. */
export interface RefreshEffects extends BindingsReadingEffects {
  /** What decides now; undefined before the first bindings. */
  held(): HeldState | undefined
  failed(failure: PdpEvents["refreshFailure"]): void
  recovered(recovery: PdpEvents["refreshRecovery"]): void
  /** Reads the authorization data again; nothing decides on it yet. */
  load(): Promise<ProductPolicy>
  /** Lets authorization data decide from the next bindings on, in one step with them. */
  stage(next: ProductPolicy): void
  /** Lets what is staged decide now, whether bindings have come or not. */
  commit(): void
  /** Of what decides now, bindings aside. */
  digests(): Parameters<NonNullable<Source["announce"]>>[0]
}

/** Keeps bindings and authorization data fresh. */
export interface PdpRefresh {
  /** Asks every source now, also when one of them fails. Rejects with the first failure. */
  now(): Promise<void>
  status(): readonly SourceStatus[]
  /** Undefined when none is kept. */
  snapshot(): SnapshotStatus | undefined
  /** Stops, writes the last snapshot, and closes the source. */
  close(): Promise<void>
}

const defaultRefreshSeconds = 30

/**
 * Starts to refresh; the first read of the bindings has been tried when it resolves, and that of the snapshot when the source did not answer.
 *
 * @param documented the bindings that the authorization data brings; they count when there is no source
 * @param watch of the files of the authorization data, since before they were read
 * @param health remembers how the source of the bindings fares
 * @throws {PdpError} `ERR_CONFIG_INVALID` when there is a source, too, or an interval is out of range
 */
export async function startPdpRefresh(
  options: PdpOptions,
  documented: readonly RoleBinding[],
  watch: Pick<EarlyWatch, "subscribe">,
  health: SourceHealth,
  effects: RefreshEffects,
): Promise<PdpRefresh> {
  if (options.source && documented.length > 0)
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `the authorization data brings ${documented.length} bindings of its own, and there is a source ('${options.source.name}'); remove one of the two`,
    )
  const files = authorizationDataFiles(options.authorizationData)
  const own = options.source ? undefined : documentedBindings(documented, effects)
  const source: Source = options.source ?? own?.source ?? memorySource()
  const announce = announcement(source, options, effects)
  const snapshot = snapshotOf(source, options, health, effects, () => reading.position())
  const reading = bindingsReading(effects, snapshot, health)
  const bindings = refreshed(health, options, effects, {
    refresh: async (signal) => {
      own?.take()
      await reading.read(source, signal)
      await announce()
    },
    subscribe: source.subscribe?.bind(source),
    onSuccess: () => snapshot?.sourceAnswered(),
  })
  const documents =
    files.length > 0
      ? refreshed(sourceHealth(files.join(", "), effects.now), options, effects, {
          refresh: documentsRead(source, own, () => bindings.loop.refreshNow(), announce, effects),
          subscribe: watch.subscribe,
        })
      : undefined
  documents?.health.succeeded()
  await bindings.loop.refreshNow().catch(() => undefined)
  const all = documents ? [bindings, documents] : [bindings]

  return {
    now: async () => {
      const asked = await Promise.allSettled(all.map(({ loop }) => loop.refreshNow()))
      const failed = asked.find((one) => one.status === "rejected")
      if (failed) throw failed.reason
    },
    status: () => all.map(({ health }) => health.status()),
    snapshot: () => snapshot?.status(),
    close: async () => {
      await Promise.all(all.map(({ loop }) => loop.stop()))
      await snapshot?.close()
      await source.close()
    },
  }
}

interface Refreshed {
  readonly loop: Refresh
  readonly health: SourceHealth
}

type Reading = Pick<Parameters<typeof startRefresh>[0], "refresh" | "subscribe" | "onSuccess">

/** Often enough that a source that answers is never too old, even when it fails once. */
function intervalOf({ refreshSeconds = defaultRefreshSeconds, maxStalenessSeconds = Number.POSITIVE_INFINITY }: PdpOptions): number {
  return Math.min(refreshSeconds, maxStalenessSeconds / 3)
}

function refreshed(health: SourceHealth, options: PdpOptions, effects: RefreshEffects, reading: Reading): Refreshed {
  const loop = startRefresh({
    ...reading,
    intervalSeconds: intervalOf(options),
    onSuccess: () => {
      const recovery = health.succeeded()
      reading.onSuccess?.()
      if (recovery) effects.recovered({ source: health.name, ...recovery })
    },
    onFailure: (failure) => {
      health.failed(failure.error)
      effects.failed({ source: health.name, ...failure })
    },
  })
  return { loop, health }
}

function snapshotOf(
  source: Source,
  { snapshotFile, snapshotSeconds }: PdpOptions,
  health: SourceHealth,
  effects: RefreshEffects,
  positionNow: () => SourcePosition | undefined,
): SnapshotKeeper | undefined {
  if (snapshotFile === undefined) return undefined
  const state = (): SnapshotState | undefined => {
    const [held, position, takenAt] = [effects.held(), positionNow(), health.lastSuccess()]
    if (!held || position === undefined || takenAt === undefined) return undefined
    const { revision, numbered, store, version } = held
    return { header: { source: source.name, revision, numbered, position, takenAt }, store, version }
  }
  return keepSnapshot({ path: snapshotFile, source: source.name, seconds: snapshotSeconds, state, failed: effects.failed, now: effects.now })
}

/** The bindings that the authorization data brings, as a source. */
interface DocumentedBindings {
  readonly source: Source
  /** Authorization data that came with bindings: both decide once the source has been read. */
  give(next: ProductPolicy): void
  /** Takes what was given. Called where no read is under way: so the next one finds both, and not the one with the other's predecessor. */
  take(): void
}

function documentedBindings(documented: readonly RoleBinding[], effects: RefreshEffects): DocumentedBindings {
  const source = memorySource(documented)
  let given: ProductPolicy | undefined
  return {
    source,
    give: (next) => {
      given = next
    },
    take: () => {
      if (!given) return
      const next = given
      given = undefined
      source.replace(next.loaded.bindings)
      effects.stage(next)
    },
  }
}

function documentsRead(
  source: Source,
  own: DocumentedBindings | undefined,
  readBindings: () => Promise<void>,
  announce: () => Promise<void>,
  effects: RefreshEffects,
): () => Promise<void> {
  return async () => {
    const next = await effects.load()
    if (own) {
      own.give(next)
      await readBindings()
    } else {
      if (next.loaded.bindings.length > 0)
        throw new PdpError(
          "ERR_CONFIG_INVALID",
          `the authorization data brings bindings now, and there is a source ('${source.name}'); remove one of the two`,
        )
      effects.stage(next)
    }
    effects.commit()
    await announce()
  }
}

/** Tells the source what decides, until it knows. That it cannot be told keeps nobody from deciding, so it is reported and no failure of the refresh. */
function announcement(source: Source, options: PdpOptions, effects: RefreshEffects): () => Promise<void> {
  let told = ""
  let attempt = 0
  return async () => {
    const digests = effects.digests()
    const telling = `${digests.policy} ${digests.authorizationData}`
    if (!source.announce || telling === told) return
    try {
      await source.announce(digests)
      told = telling
      attempt = 0
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new PdpError("ERR_SOURCE_UNAVAILABLE", messageOf(thrown), { cause: thrown })
      effects.failed({ source: source.name, error, attempt: ++attempt, retryInMs: intervalOf(options) * 1_000 })
    }
  }
}
