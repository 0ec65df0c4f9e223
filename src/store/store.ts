import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"

/**
 * The role bindings in memory. Every method is synchronous; no reader ever sees half of a batch.
 */
export interface Store {
  /** How many bindings it holds. */
  readonly size: number
  /** Applies a batch in one step that cannot throw. @returns how many changes had an effect */
  apply(changes: readonly RoleBindingChange[]): number
  /** True when it is there, with the same expiry. */
  has(binding: RoleBinding): boolean
  /** When the next binding expires, in milliseconds since the epoch; infinity when none will. May be too early, never too late. */
  readonly nextExpiry: number
  /** Removes what has expired at that time. @returns how many bindings */
  expire(nowMs: number): number
  /**
   * The slice of some principals in some workspaces, as JSON text: `{"<workspace>":{"<principal>":["<role>",…]}}`.
   * Pairs without a binding are left out; repeated or unknown names do no harm. Cost: the number of principals times the
   * number of workspaces, whatever the size of the store.
   */
  sliceText(principals: readonly string[], workspaces: readonly string[]): string
  /** False when that part of the text is certainly no workspace with bindings; a cheap way to leave names out of a slice. */
  mayNameWorkspace(text: string, start: number, end: number): boolean
  /** Every binding, in no particular order. The store must not change while it is read, unless it is observed (`RoleBindingStore`). */
  [Symbol.iterator](): Iterator<RoleBinding>
}
