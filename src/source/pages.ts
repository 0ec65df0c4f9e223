import type { RoleBinding } from "../model/role-binding.js"
import { throwIfAborted } from "./unavailable.js"

/** How many bindings the pages of a snapshot hold, about. */
export const pageSize = 2_000

/** Bindings that are in memory, in pages. Aborting the read ends them with an error. */
export async function* pagesOf(name: string, bindings: readonly RoleBinding[], signal: AbortSignal): AsyncGenerator<readonly RoleBinding[]> {
  for (let at = 0; at < bindings.length; at += pageSize) {
    throwIfAborted(name, signal)
    yield bindings.slice(at, at + pageSize)
  }
}
