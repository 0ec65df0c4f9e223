import { messageOf, PdpError } from "../errors.js"
import type { Revision } from "../model/revision.js"
import type { RoleBinding } from "../model/role-binding.js"
import { applyRead, memorySource, startRefresh, watchFiles, type Refresh, type Source, type SourcePosition } from "../source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../store/index.js"
import type { PdpOptions } from "./options.js"
import type { PdpEvents, SourceStatus } from "./pdp.js"
import { authorizationDataFiles } from "./product-policy.js"
import { sourceHealth, type SourceHealth } from "./source-health.js"

/** What a refresh tells the PDP. Must not throw. */
export interface RefreshEffects {
  /** The bindings as they are now, in the step in which they changed; the first time also when there are none. */
  bindings(store: RoleBindingStore, changes: number, revision: Revision | undefined): void
  failed(failure: PdpEvents["refreshFailure"]): void
  /** Reloads the authorization data. @returns the bindings that it brings */
  reload(): Promise<readonly RoleBinding[]>
  /** Of what decides now, bindings aside. */
  digests(): Parameters<NonNullable<Source["announce"]>>[0]
  /** Milliseconds since the epoch. */
  now(): number
}

/** Keeps bindings and authorization data fresh. */
export interface PdpRefresh {
  /** Asks every source now. Rejects with the first failure. */
  now(): Promise<void>
  status(): readonly SourceStatus[]
  /** Stops, and closes the source. */
  close(): Promise<void>
}

const defaultRefreshSeconds = 30

/**
 * Starts to refresh; the first read of the bindings has been tried when it resolves.
 *
 * @param documented the bindings that the authorization data brings; they count when there is no source
 * @param health remembers how the source of the bindings fares
 * @throws {PdpError} `ERR_CONFIG_INVALID` when there is a source, too
 */
export async function startPdpRefresh(
  options: PdpOptions,
  documented: readonly RoleBinding[],
  health: SourceHealth,
  effects: RefreshEffects,
): Promise<PdpRefresh> {
  if (options.source && documented.length > 0)
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `the authorization data brings ${documented.length} bindings of its own, and there is a source ('${options.source.name}'); remove one of the two`,
    )
  const files = authorizationDataFiles(options.authorizationData)
  const own = options.source ? undefined : memorySource(documented)
  const source: Source = options.source ?? own ?? memorySource()
  const announce = announcement(source, options, effects)
  const bindings = refreshed(health, options, effects, {
    refresh: bindingsRead(source, announce, effects),
    subscribe: source.subscribe?.bind(source),
  })
  const documents =
    files.length > 0
      ? refreshed(sourceHealth(files.join(", "), effects.now), options, effects, {
          refresh: documentsRead(source, own, announce, effects),
          subscribe: (onNews) => watchFiles(files, onNews),
        })
      : undefined
  documents?.health.succeeded()
  await bindings.loop.refreshNow().catch(() => undefined)
  const all = documents ? [bindings, documents] : [bindings]

  return {
    now: async () => {
      for (const { loop } of [...all].reverse()) await loop.refreshNow()
    },
    status: () => all.map(({ health }) => health.status()),
    close: async () => {
      await Promise.all(all.map(({ loop }) => loop.stop()))
      await source.close()
    },
  }
}

interface Refreshed {
  readonly loop: Refresh
  readonly health: SourceHealth
}

type Reading = Pick<Parameters<typeof startRefresh>[0], "refresh" | "subscribe">

function refreshed(
  health: SourceHealth,
  { refreshSeconds = defaultRefreshSeconds }: PdpOptions,
  effects: RefreshEffects,
  reading: Reading,
): Refreshed {
  const loop = startRefresh({
    ...reading,
    intervalSeconds: refreshSeconds,
    onSuccess: () => health.succeeded(),
    onFailure: (failure) => {
      health.failed(failure.error)
      effects.failed({ source: health.name, ...failure })
    },
  })
  return { loop, health }
}

function bindingsRead(source: Source, announce: () => Promise<void>, effects: RefreshEffects): (signal: AbortSignal) => Promise<void> {
  let store = roleBindingStore()
  let position: SourcePosition | undefined
  let started = false
  const activate = (next: RoleBindingStore, changes: number, revision?: Revision): void => {
    started = true
    store = next
    effects.bindings(next, changes, revision)
  }
  return async (signal) => {
    const applied = await applyRead({ store, now: effects.now, activate }, await source.read(position, signal), signal)
    if (applied.position !== undefined) position = applied.position
    if (!started) activate(store, 0)
    await announce()
  }
}

function documentsRead(
  source: Source,
  own: ReturnType<typeof memorySource> | undefined,
  announce: () => Promise<void>,
  effects: RefreshEffects,
): () => Promise<void> {
  return async () => {
    const documented = await effects.reload()
    if (own) own.replace(documented)
    else if (documented.length > 0)
      throw new PdpError(
        "ERR_CONFIG_INVALID",
        `the authorization data brings bindings now, and there is a source ('${source.name}'); remove one of the two`,
      )
    await announce()
  }
}

/** Tells the source what decides, until it knows. That it cannot be told keeps nobody from deciding, so it is reported and no failure of the refresh. */
function announcement(source: Source, { refreshSeconds = defaultRefreshSeconds }: PdpOptions, effects: RefreshEffects): () => Promise<void> {
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
      effects.failed({ source: source.name, error, attempt: ++attempt, retryInMs: refreshSeconds * 1_000 })
    }
  }
}
