import { setImmediate as nextTurn } from "node:timers/promises"
import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"
import type { RoleBindingStore } from "../store/index.js"
import type { Revision } from "../model/revision.js"
import type { ReachedPosition, SourceChanges, SourcePosition, SourceRead, SourceSnapshot } from "./source.js"

/** Who holds the store that decisions read. */
export interface StoreHolder {
  /** The store of the moment. Nobody but {@link applyRead} changes it, expiry aside. */
  readonly store: RoleBindingStore
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Called in the same synchronous step in which the bindings have changed: the place to take `store` (the same one or a new one) and to
   * move the revision, before anybody reads. When nothing changed, it is called only by sources that number changes themselves, since
   * other changes than those of bindings count, too. Must not throw.
   *
   * @param revision that the source gave
   */
  activate(store: RoleBindingStore, changes: number, revision: Revision | undefined): void
}

/** What {@link applyRead} did. */
export interface AppliedRead {
  /** How many changes had an effect. */
  readonly changes: number
  /** Where the next read goes on; absent when nothing happened. */
  readonly position?: SourcePosition
}

/**
 * Applies to the store what a source answered, and only the difference: up to 5,000 changes in one step; beyond, a new store is built beside
 * and swapped. The event loop gets a turn every few milliseconds. Whatever throws leaves the old store as it was.
 * One call at a time: but for what expires, the store must not change until it resolves.
 *
 * @throws what the pages throw, or the signal's reason
 */
export async function applyRead(holder: StoreHolder, read: SourceRead, signal?: AbortSignal): Promise<AppliedRead> {
  if (read.kind === "unchanged") return { changes: 0 }
  if (read.kind === "snapshot") return applySnapshot(holder, read, signal)
  return { changes: await applyChanges(holder, read, signal), position: read.position }
}

const mostInOneStep = 5_000
const bindingsPerTurn = 1_000

async function applyChanges(holder: StoreHolder, read: SourceChanges, signal?: AbortSignal): Promise<number> {
  if (read.changes.length <= mostInOneStep) return applyInPlace(holder, read.changes, read)
  const next = await copyOf(holder.store, signal)
  const effective = await applyInTurns(next, read.changes, signal)
  return effective === 0 ? activate(holder, holder.store, 0, read) : activate(holder, next, effective, read)
}

async function applySnapshot(holder: StoreHolder, read: SourceSnapshot, signal?: AbortSignal): Promise<AppliedRead> {
  const next = holder.store.empty()
  for await (const page of read.pages) for await (const part of inTurns(page, signal)) next.add(part)
  const since = await read.finish?.()
  if (since) await applyInTurns(next, since.changes, signal)
  const reached = since ?? read
  return { changes: await replace(holder, next, reached, signal), position: reached.position }
}

/** Makes the store what `next` is, with as few changes as possible. */
async function replace(holder: StoreHolder, next: RoleBindingStore, reached: ReachedPosition, signal?: AbortSignal): Promise<number> {
  const { store } = holder
  next.expire(holder.now())
  const added = await missingFrom(store, next, signal)
  // Not by the sizes: a binding that expires meanwhile would hide one that was removed.
  const removed = await missingFrom(next, store, signal)
  const count = added.count + removed.count
  if (count > mostInOneStep) return activate(holder, next, count, reached)
  const changes = [...removed.bindings.map((binding) => change("remove", binding)), ...added.bindings.map((binding) => change("add", binding))]
  return applyInPlace(holder, changes, reached)
}

async function applyInTurns(store: RoleBindingStore, changes: readonly RoleBindingChange[], signal?: AbortSignal): Promise<number> {
  let effective = 0
  for await (const part of inTurns(changes, signal)) effective += store.apply(part)
  return effective
}

function applyInPlace(holder: StoreHolder, changes: readonly RoleBindingChange[], reached: ReachedPosition): number {
  return activate(holder, holder.store, holder.store.apply(changes), reached)
}

function activate(holder: StoreHolder, store: RoleBindingStore, changes: number, { revision }: ReachedPosition): number {
  const expired = store.expire(holder.now())
  if (changes + expired > 0 || revision) holder.activate(store, changes + expired, revision)
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
