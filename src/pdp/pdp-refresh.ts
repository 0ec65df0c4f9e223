import { PdpError } from "../errors.js"
import type { RoleBinding } from "../model/role-binding.js"
import { applyRead, memorySource, startRefresh, watchFiles, type Refresh, type Source, type SourcePosition } from "../source/index.js"
import { roleBindingStore, type RoleBindingStore, type Store } from "../store/index.js"
import type { PdpOptions } from "./options.js"
import type { PdpEvents, SourceStatus } from "./pdp.js"
import { authorizationDataFiles } from "./product-policy.js"
import { sourceHealth, type SourceHealth } from "./source-health.js"

/** What a refresh tells the PDP. Must not throw. */
export interface RefreshEffects {
  /** The bindings as they are now, in the step in which they changed; the first time also when there are none. */
  bindings(store: Store, changes: number): void
  failed(failure: PdpEvents["refreshFailure"]): void
  /** Reloads the authorization data. @returns the bindings that it brings */
  reload(): Promise<readonly RoleBinding[]>
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
 * @throws {PdpError} `ERR_CONFIG_INVALID` when there is a source, too
 */
export async function startPdpRefresh(options: PdpOptions, documented: readonly RoleBinding[], effects: RefreshEffects): Promise<PdpRefresh> {
  if (options.source && documented.length > 0)
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `the authorization data brings ${documented.length} bindings of its own, and there is a source ('${options.source.name}'); remove one of the two`,
    )
  const files = authorizationDataFiles(options.authorizationData)
  const own = options.source ? undefined : memorySource(documented)
  const source: Source = options.source ?? own ?? memorySource()
  const bindings = refreshed(source.name, options, effects, { refresh: bindingsRead(source, effects), subscribe: source.subscribe?.bind(source) })
  const documents =
    files.length > 0
      ? refreshed(files.join(", "), options, effects, {
          refresh: documentsRead(own, options, effects),
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

function refreshed(name: string, { refreshSeconds = defaultRefreshSeconds }: PdpOptions, effects: RefreshEffects, reading: Reading): Refreshed {
  const health = sourceHealth(name)
  const loop = startRefresh({
    ...reading,
    intervalSeconds: refreshSeconds,
    onSuccess: () => health.succeeded(),
    onFailure: (failure) => {
      health.failed(failure.error)
      effects.failed({ source: name, ...failure })
    },
  })
  return { loop, health }
}

function bindingsRead(source: Source, effects: RefreshEffects): (signal: AbortSignal) => Promise<void> {
  let store: RoleBindingStore = roleBindingStore()
  let position: SourcePosition | undefined
  let started = false
  const activate = (next: RoleBindingStore, changes: number): void => {
    started = true
    store = next
    effects.bindings(next, changes)
  }
  return async (signal) => {
    const read = await source.read(position, signal)
    await applyRead({ store, activate }, read, signal)
    if (read.kind !== "unchanged") position = read.position
    if (!started) activate(store, 0)
  }
}

function documentsRead(own: ReturnType<typeof memorySource> | undefined, { source }: PdpOptions, effects: RefreshEffects): () => Promise<void> {
  return async () => {
    const documented = await effects.reload()
    if (own) own.replace(documented)
    else if (documented.length > 0)
      throw new PdpError(
        "ERR_CONFIG_INVALID",
        `the authorization data brings bindings now, and there is a source ('${source?.name}'); remove one of the two`,
      )
  }
}
