import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"

/** A place in a source's history. Opaque to everybody but the source that made it. */
export type SourcePosition = string

/** What a {@link Source} answers when asked for news. */
export type SourceRead =
  /** Nothing happened since the position that was passed. */
  | { readonly kind: "unchanged" }
  /** The whole state, in pages, and the position after it. The reader may abandon the pages half-way. */
  | { readonly kind: "snapshot"; readonly position: SourcePosition; readonly pages: AsyncIterable<readonly RoleBinding[]> }
  /** What changed since the position that was passed, oldest first, and the position after it. */
  | { readonly kind: "changes"; readonly position: SourcePosition; readonly changes: readonly RoleBindingChange[] }

/**
 * Where role bindings come from: memory, a file, later databases with a change feed.
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
  /** Frees what the source holds. Further reads reject with `ERR_CLOSED`. */
  close(): Promise<void>
}
