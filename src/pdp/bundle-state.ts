import { PdpError } from "../errors.js"
import type { PatchOperation, UnpackedBundle } from "../bundle/index.js"
import { formatRevision, newEpoch, parseRevision, type Revision } from "../model/revision.js"
import { applyRead, type SourceChanges, type SourceSnapshot } from "../source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../store/index.js"
import { activeState, type Active } from "./active.js"
import type { CustomContents } from "./custom-bundle.js"
import { unfitDelta } from "./delta-problem.js"
import type { OwnContents } from "./own-bundle.js"
import { ownDelta } from "./own-delta.js"
import { ownShards } from "./own-shards.js"
import { patchedDocument } from "./patched-document.js"
import type { PdpEvents, Profile } from "./pdp.js"

/** What a bundle holds, once it is read, but for role bindings. */
export type BundleContents = OwnContents | CustomContents

/** What a PDP decides on: one bundle, whole. */
export interface BundleState {
  /** Undefined before the first bundle. */
  current(): Deciding | undefined
  /** The revision of the moment; before the first bundle, sequence 0. */
  revision(): Revision
  /**
   * Lets a bundle decide, in one synchronous step. When it rejects, the one before goes on.
   *
   * @param files of the bundle, for its role bindings
   * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `revision_older` or `data_invalid`
   */
  take(contents: BundleContents, files: UnpackedBundle["files"], how: Taken): Promise<void>
  /**
   * Changes the bundle that decides by a delta, in one synchronous step. When it rejects, nothing has changed.
   *
   * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `delta_unfit`, `revision_older` or `data_invalid`; `ERR_POLICY_INVALID`
   */
  amend(patch: readonly PatchOperation[], how: Taken): Promise<void>
  /** Lets the policies of a custom bundle decide on other data. @returns the revision @throws {PdpError} `ERR_POLICY_INVALID`, `ERR_PDP_NOT_READY` */
  edit(document: unknown): string
}

/** How a bundle comes to decide. */
export interface Taken {
  /** The revision in its manifest. */
  readonly named: string
  readonly from: "feed" | "disk"
  readonly signal: AbortSignal
}

/** A bundle that decides. */
export interface Deciding {
  readonly active: Active
  readonly contents: BundleContents
  readonly store: RoleBindingStore
}

/** @param activated a new state decides; must not throw @param now milliseconds since the epoch */
export function bundleState(
  profile: Profile,
  activated: (event: PdpEvents["activation"], revision: Revision) => void,
  now: () => number,
): BundleState {
  let current: Deciding | undefined
  let shards = ownShards()
  let counted: Revision = { epoch: newEpoch(), sequence: 0 }
  let revision = counted

  const adopt = (contents: BundleContents, store: RoleBindingStore, changes: number, given: Revision | undefined, from: "feed" | "disk"): void => {
    const cause = causeOf(current, contents, from)
    counted = given ? counted : { ...counted, sequence: counted.sequence + 1 }
    revision = given ?? counted
    const active = activeState({ policy: contents.policy, store, profile, revision: formatRevision(revision) })
    current = { active, contents, store }
    activated({ revision: active.revision, cause, changes }, revision)
  }
  const takeOwn = async (contents: OwnContents, held: RoleBindingStore, rows: Rows, { named, from, signal }: Taken): Promise<void> => {
    const given = numbered(named)
    if (given && current && given.epoch === revision.epoch && given.sequence < revision.sequence) throw older(named, formatRevision(revision))
    const isNewPolicy = current?.contents.policy !== contents.policy
    let isTaken = false
    const activate = (store: RoleBindingStore, changes: number): void => {
      isTaken = true
      const isNews = isNewPolicy || changes > 0 || (given !== undefined && formatRevision(given) !== current?.active.revision)
      if (isNews) adopt(contents, store, isNewPolicy ? changes + 1 : changes, given, from)
    }
    await applyRead({ store: held, now, activate }, { ...rows, position: named, ...(given && { revision: given }) }, signal)
    if (!isTaken) activate(held, 0)
  }

  return {
    current: () => current,
    revision: () => revision,
    take: async (contents, files, how) => {
      if (contents.kind === "custom") return adopt(contents, roleBindingStore(), 1, undefined, how.from)
      const isFirst = current?.contents.kind !== "portcullis"
      if (isFirst) shards = ownShards()
      const held = isFirst || !current ? roleBindingStore() : current.store
      const reading = await shards.reading(files, held)
      how.signal.throwIfAborted()
      await takeOwn(contents, held, reading.read, how)
      reading.done()
    },
    amend: async (patch, how) => {
      if (!current) throw unfitDelta("nothing decides yet")
      const { contents, store } = current
      if (contents.kind === "portcullis") {
        const changes = await ownDelta(patch, store)
        how.signal.throwIfAborted()
        await takeOwn(contents, store, { kind: "changes", changes }, how)
        return shards.changed(changes)
      }
      adopt(contents.withDocument(patchedDocument(contents.document, patch)), store, 1, undefined, how.from)
    },
    edit: (document) => {
      if (current?.contents.kind !== "custom") throw new PdpError("ERR_PDP_NOT_READY", "there is no policy yet whose data could be edited")
      adopt(current.contents.withDocument(document), current.store, 1, undefined, "feed")
      return formatRevision(revision)
    },
  }
}

type Rows = Pick<SourceSnapshot, "kind" | "pages"> | Pick<SourceChanges, "kind" | "changes">

/** A revision that Portcullis gave, so that what is waited for there can be waited for here. */
function numbered(named: string): Revision | undefined {
  return /^[0-9a-f]{8}\.\d{1,16}$/.test(named) ? parseRevision(named) : undefined
}

function causeOf(before: Deciding | undefined, next: BundleContents, from: "feed" | "disk"): PdpEvents["activation"]["cause"] {
  if (!before) return from === "disk" ? "snapshot" : "start"
  if (before.contents.policy === next.policy) return "bindings"
  return next.kind === "portcullis" && before.contents.kind === "portcullis" ? "authorization-data" : "policy"
}

function older(named: string, current: string): PdpError {
  return new PdpError(
    "ERR_BUNDLE_INVALID",
    `the bundle has the revision '${named}', and '${current}' decides; it is an old one, perhaps of a cache`,
    {
      reason: "revision_older",
    },
  )
}
