import type { BindingsView, BundleContent, BundleOrigin } from "./content.js"
import type { ShardEdit, ShardState, ShardTable } from "./shard-table.js"
import { touchedPairs, type TouchedPairs } from "./touched-pairs.js"

/** What a table has come to. */
export interface Followed {
  /** Its bindings are those of the table. */
  readonly content: BundleContent
  readonly table: ShardTable
  readonly edits: readonly ShardEdit[]
  /** Present when everything was read anew. */
  readonly reloaded?: readonly ShardState[]
}

/** Keeps a table of shards at the state of an origin. */
export interface BindingsFollower {
  /** Brings the table to the state of now: by what has changed, or from the start. One call at a time. */
  follow(): Promise<Followed>
  /** True when bindings have changed since; that they have expired gives no revision to who has them from a source that numbers changes. */
  hasNews(): boolean
  /** Forgets everything. */
  close(): Promise<void>
}

/**
 * @param newTable an empty table for so many bindings; `undefined`: nobody knows how many
 * @param pause lets others work; resolves soon
 */
export function bindingsFollower(
  origin: BundleOrigin,
  newTable: (bindings: number | undefined) => ShardTable,
  pause: () => Promise<void>,
): BindingsFollower {
  let table: ShardTable | undefined
  let touched: TouchedPairs | undefined
  const forget = async (): Promise<void> => {
    touched?.stop()
    touched = undefined
    await table?.close()
    table = undefined
  }

  return { follow, hasNews: () => touched !== undefined && (touched.overflown() || touched.size() > 0), close: forget }

  async function follow(): Promise<Followed> {
    try {
      return (await changed()) ?? (await reloaded())
    } catch (thrown) {
      await forget()
      throw thrown
    }
  }

  async function changed(): Promise<Followed | undefined> {
    if (!table || !touched) return undefined
    const drained = await drain(touched)
    return drained && { content: drained.content, table, edits: drained.rows.length > 0 ? await table.edit(drained.rows) : [] }
  }

  async function reloaded(): Promise<Followed> {
    for (;;) {
      await forget()
      const content = origin.snapshot()
      const fresh = (table = newTable(content.bindings.size))
      touched = touchedPairs(content.bindings)
      if (!touched) return { content: await loadStill(fresh), table: fresh, edits: [], reloaded: await fresh.finish() }
      await loadAll(fresh, slices(content.bindings))
      const drained = await drain(touched)
      if (!drained) continue
      await fresh.amend(drained.rows)
      return { content: drained.content, table: fresh, edits: [], reloaded: await fresh.finish() }
    }
  }

  /** Everything that was touched, as it is now; `undefined` when what is followed is not what decides any more. */
  async function drain(pairs: TouchedPairs): Promise<{ readonly content: BundleContent; readonly rows: readonly string[] } | undefined> {
    const rows: string[] = []
    for (;;) {
      const content = origin.snapshot()
      if (pairs.overflown() || content.bindings !== pairs.bindings) return undefined
      rows.push(...pairs.take(pairsInSlice))
      if (pairs.size() === 0) return { content, rows }
      await pause()
    }
  }

  /** Loads bindings that nobody can watch: they are copied, again when they have changed; the third time in one go, because late is better than never. */
  async function loadStill(fresh: ShardTable): Promise<BundleContent> {
    const copy = (await copied()) ?? (await copied()) ?? (await copied()) ?? copiedAtOnce(origin.snapshot())
    await loadAll(fresh, copy.rows)
    return copy.content
  }

  /** One slice is loaded, perhaps in another thread, while the next one is made. */
  async function loadAll(fresh: ShardTable, all: Iterable<readonly string[]>): Promise<void> {
    let loading: Promise<void> = Promise.resolve()
    for (const rows of all) {
      const before = loading
      loading = fresh.load(rows)
      // Awaited in the next round, before which it must not count as unhandled.
      loading.catch(() => undefined)
      await Promise.all([before, pause()])
    }
    await loading
  }

  async function copied(): Promise<Copy | undefined> {
    const content = origin.snapshot()
    const rows: (readonly string[])[] = []
    for (const slice of slices(content.bindings)) {
      rows.push(slice)
      if (slice.length < rowsInSlice * 3) break
      await pause()
      if (origin.revision() !== content.revision) return undefined
    }
    return { content, rows }
  }
}

interface Copy {
  readonly content: BundleContent
  readonly rows: readonly (readonly string[])[]
}

const rowsInSlice = 1_024
const pairsInSlice = 2_048

function copiedAtOnce(content: BundleContent): Copy {
  return { content, rows: [...slices(content.bindings)] }
}

/** Flat rows of principal, workspace and role. */
function* slices(bindings: BindingsView): Generator<readonly string[]> {
  let rows: string[] = []
  for (const { principal, workspace, role } of bindings) {
    rows.push(principal, workspace, role)
    if (rows.length < rowsInSlice * 3) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}
