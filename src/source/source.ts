import type { Revision } from "../model/revision.js"
import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"

/** A place in a source's history. Opaque to everybody but the source that made it. */
export type SourcePosition = string

/** What a {@link Source} answers when asked for news. */
export type SourceRead =
  /** Nothing happened since the position that was passed. */
  { readonly kind: "unchanged" } | SourceSnapshot | SourceChanges

/** The whole state. The reader may abandon it half-way. */
export interface SourceSnapshot extends ReachedPosition {
  readonly kind: "snapshot"
  readonly pages: AsyncIterable<readonly RoleBinding[]>
  /**
   * What changed while the pages were read, to be applied on top of them: a source that others write to cannot hold still. Asked for once,
   * after the last page. Then its position counts.
   */
  readonly finish?: () => Promise<SourceChanges>
}

/** What changed since the position that was passed, oldest first. */
export interface SourceChanges extends ReachedPosition {
  readonly kind: "changes"
  readonly changes: readonly RoleBindingChange[]
}

/** Where a reader stands after a read. */
export interface ReachedPosition {
  readonly position: SourcePosition
  /** Of sources that number their changes themselves, for all who read them. Without it the reader counts. */
  readonly revision?: Revision
}

/**
 * Where role bindings come from: memory, a file, HTTP, a database with a change feed.
 *
 * A source validates what it reads: a page never holds an invalid binding. Any failure (unreachable, half-written, invalid)
 * rejects `read` with `PdpError` `ERR_SOURCE_UNAVAILABLE` (naming the place and the remedy), and the reader keeps its last state.
 */
export interface Source {
  /** For status and logs, for example `file ./bindings.yaml`. Holds no secrets. */
  readonly name: string
  /**
   * @param after the position of the last read that was applied; absent at first: answers a snapshot
   * @param signal aborts the read
   */
  read(after: SourcePosition | undefined, signal: AbortSignal): Promise<SourceRead>
  /**
   * Calls back when there may be news; sources that cannot tell leave it out, and the timer does.
   * A callback carries no content and may come too often.
   * @returns stops it
   */
  subscribe?(onNews: () => void): () => void
  /**
   * Tells a source that numbers changes what decides besides its bindings, so that a change of it gets a revision, too.
   * @param digests of the policy and the authorization data
   */
  announce?(digests: { readonly policy: string; readonly authorizationData: string }): Promise<void>
  /** Frees what the source holds. Further reads reject with `ERR_CLOSED`. */
  close(): Promise<void>
}
