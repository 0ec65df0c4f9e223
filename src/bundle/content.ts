import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"

/** The state that bundles pack. */
export interface BundleContent {
  readonly revision: string
  readonly profile: "hardened" | "nemo"
  /** `data.authz_data`. The same object as long as it is the same data. */
  readonly authzData: unknown
  readonly bindings: BindingsView
}

/**
 * Role bindings to read. With `observe` and `sliceText`, which a `RoleBindingStore` has, a change costs what it changes; without, every revision
 * is read whole.
 */
export interface BindingsView extends Iterable<RoleBinding> {
  readonly size?: number
  /** Tells before each change what undoes it. @returns stops it */
  observe?(onChange: (undo: RoleBindingChange) => void): () => void
  /** `{"<workspace>":{"<principal>":["<role>",…]}}`, roles sorted; what is not bound is left out. */
  sliceText?(principals: readonly string[], workspaces: readonly string[]): string
}

/** Where bundles take their state from; a `Pdp` is one. */
export interface BundleOrigin {
  /** The state now; its bindings are of that revision only in the same tick. */
  snapshot(): BundleContent
  revision(): string
}
