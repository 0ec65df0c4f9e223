import { bundleSet, type Bundle, type BundleOrigin, type BundleSetOptions } from "../bundle/index.js"
import { messageOf, PdpError } from "../errors.js"
import type { PublishedStates } from "../fleet/index.js"
import type { Logger } from "../telemetry/index.js"

/** The bundles of this process, as they are served. */
export interface ServedBundles {
  readonly names: readonly string[]
  /**
   * The bundle of now; when it cannot be built, the last good one.
   *
   * @throws {PdpError} when there is no such bundle, when there never was a good one, and when nothing can be decided on now
   */
  current(name: string): Promise<ServedBundle>
  /** What leads to the current bundle from one that was given out; undefined: nothing that is smaller. */
  delta(name: string, from: string): Promise<Bundle | undefined>
  close(): Promise<void>
}

/** A bundle, and whether it is of now. */
export interface ServedBundle {
  readonly bundle: Bundle
  /** True: what is newer cannot be built. */
  readonly isStale: boolean
}

/** @param published takes note of what each bundle holds */
export function servedBundles(origin: BundleOrigin, options: BundleSetOptions, published: PublishedStates, logger: Logger): ServedBundles {
  const set = bundleSet(origin, options)
  const lastGood = new Map<string, Bundle>()
  const noted = new Map<string, string>()
  const failing = new Set<string>()
  const deltas = new Map<string, { readonly to: string; readonly byFrom: Map<string, Promise<Bundle | undefined>> }>()
  return {
    names: set.names,
    async current(name) {
      const state = origin.revision()
      try {
        const bundle = await set.current(name)
        if (noted.get(name) !== state || lastGood.get(name) !== bundle) published.note(name, bundle, state)
        noted.set(name, state)
        lastGood.set(name, bundle)
        if (failing.size > 0 && failing.delete(name)) logger.info({ bundle: name, revision: bundle.revision }, "the bundle can be built again")
        return { bundle, isStale: false }
      } catch (thrown) {
        const bundle = lastGood.get(name)
        if (!bundle || !isBuildFailure(thrown)) throw thrown
        if (!failing.has(name))
          logger.error({ err: thrown, bundle: name, revision: bundle.revision }, "the bundle cannot be built; the last good one is served")
        failing.add(name)
        return { bundle, isStale: true }
      }
    },
    async delta(name, from) {
      const to = lastGood.get(name)?.etag ?? ""
      const before = deltas.get(name)
      const known = before?.to === to ? before : { to, byFrom: new Map<string, Promise<Bundle | undefined>>() }
      deltas.set(name, known)
      const made = known.byFrom.get(from) ?? set.delta(name, from).catch((thrown: unknown) => noDelta(name, thrown))
      if (known.byFrom.size < mostDeltas) known.byFrom.set(from, made)
      const bundle = await made
      if (bundle) published.note(name, bundle, bundle.revision)
      return bundle
    },
    close: () => set.close(),
  }

  function noDelta(name: string, thrown: unknown): undefined {
    logger.warn({ bundle: name, reason: messageOf(thrown) }, "no delta can be built; the whole bundle is served")
    return undefined
  }
}

const mostDeltas = 256

/** What speaks of the bundle, and not of whether anything may be decided at all: that is the same for bundles. */
function isBuildFailure(thrown: unknown): boolean {
  return !(thrown instanceof PdpError) || buildFailures.has(thrown.code)
}

const buildFailures: ReadonlySet<string> = new Set(["ERR_BUNDLE_INVALID", "ERR_POLICY_INVALID", "ERR_AUTHORIZATION_DATA_INVALID", "ERR_EVALUATION"])
