import type { PrincipalEdit, ShardEdit } from "./shard-table.js"

/** What has changed lately, for deltas. */
export interface EditHistory {
  /** Notes what led to a position. Positions only grow. */
  add(position: number, edits: readonly ShardEdit[]): void
  /** Forgets everything: there is no way from before this position. */
  restart(position: number): void
  /**
   * What leads from one position to a later one, one edit a principal. Who was not there and is not there is left out.
   *
   * @returns by shard; `undefined` when it is not known any more
   */
  between(from: number, to: number, shards: ReadonlySet<number>): ReadonlyMap<number, readonly PrincipalEdit[]> | undefined
}

/** Bounds of a history. */
export interface HistoryLimits {
  /** Edits of one principal each. Default 10,000. */
  readonly edits?: number
  /** Of what it remembers, about. Default 16 MiB. */
  readonly bytes?: number
}

/** An empty history. */
export function editHistory({ edits: mostEdits = 10_000, bytes: mostBytes = 16_777_216 }: HistoryLimits = {}): EditHistory {
  let entries: Entry[] = []
  let bytes = 0
  let start = 0
  const trim = (): void => {
    let dropped = 0
    while (dropped < entries.length && (entries.length - dropped > mostEdits || bytes > mostBytes)) {
      start = entries[dropped]?.position ?? start
      for (; entries[dropped]?.position === start; dropped++) bytes -= entries[dropped]?.bytes ?? 0
    }
    if (dropped > 0) entries = entries.slice(dropped)
  }
  return {
    add: (position, edits) => {
      for (const { shard, principals } of edits)
        for (const edit of principals) {
          const entry = { position, shard, edit, bytes: overhead + edit.principal.length + (edit.text?.length ?? 0) }
          bytes += entry.bytes
          entries.push(entry)
        }
      trim()
    },
    restart: (position) => {
      entries = []
      bytes = 0
      start = position
    },
    between: (from, to, shards) => {
      if (from < start) return undefined
      const known = new Map<number, Map<string, PrincipalEdit>>()
      for (const { position: at, shard, edit } of entries) {
        if (at <= from || at > to || !shards.has(shard)) continue
        const edits = known.get(shard) ?? new Map<string, PrincipalEdit>()
        edits.set(edit.principal, { ...edit, existed: (edits.get(edit.principal) ?? edit).existed })
        known.set(shard, edits)
      }
      return new Map([...known].map(([shard, edits]) => [shard, [...edits.values()].filter(({ existed, text }) => existed || text !== undefined)]))
    },
  }
}

interface Entry {
  readonly position: number
  readonly shard: number
  readonly edit: PrincipalEdit
  readonly bytes: number
}

const overhead = 128
