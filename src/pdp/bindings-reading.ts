import { parseRevision, type Revision } from "../model/revision.js"
import { applyRead, type Source, type SourcePosition } from "../source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../store/index.js"
import type { SnapshotKeeper } from "./snapshot-keeper.js"
import type { SourceHealth } from "./source-health.js"

/** What a read of the bindings does. */
export interface BindingsReadingEffects {
  /** Takes the bindings as they are now, in the step in which they changed; the first time also when there are none. Must not throw. */
  bindings(store: RoleBindingStore, changes: number, revision: Revision | undefined, cause?: "snapshot"): void
  /** Milliseconds since the epoch. */
  now(): number
}

/** Reads a source's bindings, each time from where the last read ended. */
export interface BindingsReading {
  /** Reads once. As long as there is nothing to decide on, a failure lets the snapshot on disk decide, if there is one. */
  read(source: Source, signal: AbortSignal): Promise<void>
  /** Where the last read ended; undefined before. */
  position(): SourcePosition | undefined
}

/**
 * @param snapshot kept on disk, if one is
 * @param health of the source: it learns from the snapshot when the source has answered last
 */
export function bindingsReading(effects: BindingsReadingEffects, snapshot: SnapshotKeeper | undefined, health: SourceHealth): BindingsReading {
  let store = roleBindingStore()
  let position: SourcePosition | undefined
  let started = false
  const activate = (next: RoleBindingStore, changes: number, revision?: Revision, cause?: "snapshot"): void => {
    started = true
    store = next
    effects.bindings(next, changes, revision, cause)
  }
  const readSource = async (source: Source, signal: AbortSignal): Promise<void> => {
    const applied = await applyRead({ store, now: effects.now, activate }, await source.read(position, signal), signal)
    if (applied.position !== undefined) position = applied.position
    if (!started) activate(store, 0)
  }
  const readSnapshot = async (signal: AbortSignal): Promise<void> => {
    const fresh = store.empty()
    const header = await snapshot?.load(fresh, signal)
    if (!header) return
    fresh.expire(effects.now())
    health.answeredAt(header.takenAt)
    position = header.position
    // Another process has counted the changes of a source that does not number them, perhaps further than the snapshot knows: begin anew.
    activate(fresh, fresh.size, header.numbered ? parseRevision(header.revision) : undefined, "snapshot")
    snapshot?.adopted()
  }
  return {
    read: async (source, signal) => {
      try {
        await readSource(source, signal)
      } catch (thrown) {
        if (!started) await readSnapshot(signal)
        throw thrown
      }
    },
    position: () => position,
  }
}
