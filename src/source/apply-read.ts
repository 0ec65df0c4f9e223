import { setImmediate as nextTurn } from "node:timers/promises"
import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"
import type { RoleBindingStore } from "../store/index.js"
import type { SourceRead } from "./source.js"

/** Who holds the store that decisions read. */
export interface StoreHolder {
  /** The store of the moment. Nobody but {@link applyRead} changes it. */
  readonly store: RoleBindingStore
  /**
   * Called in the same synchronous step in which the bindings have changed: the place to take `store` (the same one or a new one) and to
   * move the revision, before anybody reads. Not called when nothing changed. Must not throw.
   */
  activate(store: RoleBindingStore, changes: number): void
}

/**
 * Applies to the store what a source answered, and only the difference: up to 5,000 changes in one step; beyond, a new store is built beside
 * and swapped. The event loop gets a turn every few milliseconds. Whatever throws leaves the old store as it was.
 * One call at a time: the store must not change until it resolves.
 *
 * @returns the number of changes that had an effect
 * @throws what the pages throw, or the signal's reason
 */
export async function applyRead(holder: StoreHolder, read: SourceRead, signal?: AbortSignal): Promise<number> {
  if (read.kind === "unchanged") return 0
  if (read.kind === "snapshot") return applySnapshot(holder, read.pages, signal)
  if (read.changes.length <= mostInOneStep) return applyInPlace(holder, read.changes)
  const next = await copyOf(holder.store, signal)
  let effective = 0
  for await (const part of inTurns(read.changes, signal)) effective += next.apply(part)
  return effective === 0 ? 0 : swap(holder, next, effective)
}

const mostInOneStep = 5_000
const bindingsPerTurn = 1_000

async function applySnapshot(holder: StoreHolder, pages: AsyncIterable<readonly RoleBinding[]>, signal?: AbortSignal): Promise<number> {
  const { store } = holder
  const next = store.empty()
  for await (const page of pages) for await (const part of inTurns(page, signal)) next.add(part)
  const added = await missingFrom(store, next, signal)
  const removedCount = store.size + added.count - next.size
  const count = added.count + removedCount
  if (count === 0) return 0
  if (count > mostInOneStep) return swap(holder, next, count)
  const removed = removedCount === 0 ? [] : (await missingFrom(next, store, signal)).bindings
  return applyInPlace(holder, [...removed.map((binding) => change("remove", binding)), ...added.bindings.map((binding) => change("add", binding))])
}

function applyInPlace(holder: StoreHolder, changes: readonly RoleBindingChange[]): number {
  const effective = holder.store.apply(changes)
  if (effective > 0) holder.activate(holder.store, effective)
  return effective
}

function swap(holder: StoreHolder, next: RoleBindingStore, changes: number): number {
  holder.activate(next, changes)
  return changes
}

function change(op: RoleBindingChange["op"], binding: RoleBinding): RoleBindingChange {
  return { op, binding }
}

async function copyOf(store: RoleBindingStore, signal?: AbortSignal): Promise<RoleBindingStore> {
  const copy = store.empty()
  for await (const part of inTurns(store, signal)) copy.add(part)
  return copy
}

interface Missing {
  readonly count: number
  /** Complete when there are at most 5,000. */
  readonly bindings: readonly RoleBinding[]
}

/** How many of `from` the store has not, and the first of them. */
async function missingFrom(store: RoleBindingStore, from: RoleBindingStore, signal?: AbortSignal): Promise<Missing> {
  const bindings: RoleBinding[] = []
  let count = 0
  if (store.size === 0 && from.size > mostInOneStep) return { count: from.size, bindings }
  for await (const part of inTurns(from, signal)) {
    const missing = part.filter((binding) => !store.has(binding))
    count += missing.length
    if (count <= mostInOneStep) bindings.push(...missing)
  }
  return { count, bindings }
}

/** The same items in parts, with a turn of the event loop after each. */
async function* inTurns<Item>(items: Iterable<Item>, signal: AbortSignal | undefined): AsyncGenerator<readonly Item[]> {
  let part: Item[] = []
  for (const item of items) {
    if (part.push(item) < bindingsPerTurn) continue
    yield part
    part = []
    await nextTurn()
    signal?.throwIfAborted()
  }
  if (part.length === 0) return
  yield part
  await nextTurn()
  signal?.throwIfAborted()
}
