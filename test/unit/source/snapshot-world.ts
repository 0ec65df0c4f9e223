import type { RoleBinding } from "../../../src/model/role-binding.js"
import { writeSnapshot, type SnapshotFile, type SnapshotHeader } from "../../../src/source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../../../src/store/index.js"

/** A signal that nobody aborts. */
export const open: AbortSignal = new AbortController().signal

export const header: SnapshotHeader = {
  source: "lake",
  revision: "0a0b0c0d.7",
  numbered: true,
  position: "0a0b0c0d.7",
  takenAt: Date.parse("2030-01-31T12:00:00.000Z"),
}

/** Bindings of many shapes. */
export function manyBindings(count: number): readonly RoleBinding[] {
  return Array.from({ length: count }, (_, at) => ({
    principal: `p${at % 997}`,
    workspace: `w${at % 1009}`,
    role: at % 3 === 0 ? "Editor" : "Viewer",
    ...(at % 50 === 0 && { expires_at: "2031-01-01T00:00:00.000Z" }),
  }))
}

export function storeOf(bindings: readonly RoleBinding[]): RoleBindingStore {
  const store = roleBindingStore()
  store.add(bindings)
  return store
}

/** What a store holds, whatever the order. */
export function stateOf(store: Iterable<RoleBinding>): ReadonlySet<string> {
  return new Set(Array.from(store, (one) => JSON.stringify(one)))
}

/** Writes a snapshot of these bindings. */
export function written(path: string, bindings: readonly RoleBinding[], more: Partial<SnapshotHeader> = {}): Promise<SnapshotFile> {
  return writeSnapshot(path, { ...header, ...more }, storeOf(bindings), open)
}
