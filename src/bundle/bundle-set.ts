import { setImmediate } from "node:timers/promises"
import { PdpError } from "../errors.js"
import type { Bundle } from "./archive.js"
import { bindingsFollower } from "./bindings-follower.js"
import { bundleParts, manifestFile, type BundleParts } from "./bundle-parts.js"
import type { BundleOrigin } from "./content.js"
import type { BundleFile } from "./data-files.js"
import { packDelta } from "./delta.js"
import { editHistory, type HistoryLimits } from "./edit-history.js"
import { regoFiles } from "./rego-files.js"
import { setState, signedFile } from "./set-state.js"
import { shardTable, type ShardTable } from "./shard-table.js"
import type { BundleSigner } from "./sign-bundle.js"
import { hasWorker, workerTable } from "./worker-table.js"

/** Options of {@link bundleSet}. */
export interface BundleSetOptions {
  /** Where the policy's files come from; default: the package's own. */
  readonly rego?: (profile: "hardened" | "nemo") => Promise<readonly BundleFile[]>
  /** How many bundles the bindings are spread over: a power of two, 256 at most. Default 16. */
  readonly bindingBundles?: number
  /** Signs every bundle. There are no deltas then, because OPA does not check their signature. */
  readonly signer?: BundleSigner
  /** From how many bindings on a thread of its own packs them, where there is one. Default 20,000. */
  readonly workerFrom?: number
  readonly history?: HistoryLimits
}

/** Bundles of one state: all of it in one, and in parts. */
export interface BundleSet {
  /** `authz`, `authz-policy`, `authz-roles`, `authz-bindings-00`, … */
  readonly names: readonly string[]
  /**
   * A bundle of the state now. Built once, whoever asks and however many. A part keeps its bytes until what it holds changes, its signature included, and
   * its revision is the one at which that was; `authz` has the revision of now.
   *
   * @throws {PdpError} `ERR_NOT_FOUND` for a name that there is not, what the origin throws, and `ERR_POLICY_INVALID`
   */
  current(name: string): Promise<Bundle>
  /**
   * What leads to `current` from the bundle with this entity tag; only for who has exactly that one.
   *
   * @returns `undefined` when there is no such delta, or it is no smaller: send `current`
   */
  delta(name: string, from: string): Promise<Bundle | undefined>
  /** Stops watching the bindings, and ends the thread, if there is one. */
  close(): Promise<void>
}

/**
 * Builds bundles of an origin's state, in a thread of its own or in steps between which the event loop turns.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when `bindingBundles` is no power of two up to 256
 */
export function bundleSet(origin: BundleOrigin, options: BundleSetOptions = {}): BundleSet {
  const { rego = regoFiles, bindingBundles = 16, signer, workerFrom = 20_000 } = options
  if (!(bindingBundles >= 1 && bindingBundles <= 256 && Number.isInteger(Math.log2(bindingBundles))))
    throw new PdpError("ERR_CONFIG_INVALID", `bindingBundles is ${bindingBundles}; choose a power of two up to 256`)
  const newTable = (bindings = 0): ShardTable => (bindings >= workerFrom && hasWorker() ? workerTable() : shardTable(pause))
  const follower = bindingsFollower(origin, newTable, pause)
  const history = editHistory(options.history)
  const state = setState(rego, history)
  const slots = new Map(bundleParts(bindingBundles).map((parts) => [parts.name, newSlot(parts)]))
  let last: Promise<unknown> = Promise.resolve()
  let calls = 0

  return {
    names: [...slots.keys()],
    current: async (name) => (await upToDate(slotOf(slots, name))).bundle,
    delta: async (name, from) => {
      const slot = slotOf(slots, name)
      const latest = await upToDate(slot)
      return signer || from === latest.bundle.etag ? undefined : deltaTo(slot, latest, from)
    },
    close: () => inTurn(() => follower.close()),
  }

  async function upToDate(slot: Slot): Promise<Latest> {
    const call = ++calls
    const wanted = origin.revision()
    if (slot.latest?.revision === wanted && !follower.hasNews()) return slot.latest
    return inTurn(async () => {
      if (slot.latest && slot.latest.sampledAfter >= call) return slot.latest
      try {
        const sampledAfter = calls
        const followed = await follower.follow()
        await state.take(followed)
        return (slot.latest = await latestOf(slot, followed.table, sampledAfter))
      } catch (thrown) {
        // What the table had come to may not have been taken: it begins anew.
        await follower.close()
        throw thrown
      }
    })
  }

  async function latestOf(slot: Slot, table: ShardTable, sampledAfter: number): Promise<Latest> {
    const { parts, latest } = slot
    const { files, shards, hashes, since, fixed } = state.contentsOf(parts)
    const revision = parts.holdsPolicy && parts.holdsRoles ? state.revision() : since.revision
    const known = latest && latest.bundle.revision === revision && latest.since === since.position ? latest.bundle : undefined
    const bundle = known ?? (await packed())
    noteIssued(slot, bundle.etag, { position: state.position(), fixed })
    return { bundle, revision: state.revision(), since: since.position, position: state.position(), fixed, sampledAfter }

    async function packed(): Promise<Bundle> {
      const manifest = manifestFile(parts, revision)
      const signatures = signer ? [await signer([signedFile(manifest), ...hashes])] : []
      const { bytes, digest } = await table.pack([manifest, ...files, ...signatures], shards)
      return { revision, etag: `"${digest}"`, bytes }
    }
  }

  async function deltaTo(slot: Slot, { bundle, position, fixed }: Latest, from: string): Promise<Bundle | undefined> {
    const base = slot.issued.get(from)
    if (!base || base.fixed !== fixed) return undefined
    const edits = history.between(base.position, position, new Set(slot.parts.shards))
    const bytes = edits && (await packDelta(manifestFile(slot.parts, bundle.revision), edits, mostDeltaBytes))
    return bytes && bytes.length < bundle.bytes.length ? { ...bundle, bytes } : undefined
  }

  /** The table does one thing at a time. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = last.then(work, work)
    last = done.catch(() => undefined)
    return done
  }
}

/** One bundle of a set. */
interface Slot {
  readonly parts: BundleParts
  /** By entity tag, the latest one last. */
  readonly issued: Map<string, Issued>
  latest: Latest | undefined
}

/** What a bundle that was given out held. */
interface Issued {
  /** In the history: up to there it holds everything. */
  readonly position: number
  readonly fixed: string
}

interface Latest extends Issued {
  readonly bundle: Bundle
  /** The revision of the state for which it is up to date. */
  readonly revision: string
  /** The position at which its contents changed last. */
  readonly since: number
  /** The last call that it is new enough for. */
  readonly sampledAfter: number
}

const mostIssued = 128
const mostDeltaBytes = 4_194_304

function pause(): Promise<void> {
  return setImmediate()
}

function newSlot(parts: BundleParts): Slot {
  return { parts, issued: new Map(), latest: undefined }
}

function slotOf(slots: ReadonlyMap<string, Slot>, name: string): Slot {
  const slot = slots.get(name)
  if (slot) return slot
  const known = [...slots.keys()]
  throw new PdpError("ERR_NOT_FOUND", `there is no bundle '${name}'; there are ${known.slice(0, 4).join(", ")} to ${known.at(-1)}`)
}

function noteIssued({ issued }: Slot, etag: string, what: Issued): void {
  issued.delete(etag)
  issued.set(etag, what)
  const [oldest] = issued.keys()
  if (issued.size > mostIssued && oldest !== undefined) issued.delete(oldest)
}
