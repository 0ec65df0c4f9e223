import { setImmediate as nextTurn } from "node:timers/promises"
import type { PatchOperation } from "../bundle/index.js"
import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"
import type { RoleBindingStore } from "../store/index.js"
import { bindingDifferences } from "./binding-differences.js"
import { unfitDelta } from "./delta-problem.js"
import { principalBindings, shardOfPrincipal } from "./own-bindings.js"

/**
 * What a delta of Portcullis' own changes: it replaces, or removes, all that a principal holds. Nothing is changed yet.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `delta_unfit` when it changes anything else, or removes who is not there; `data_invalid`
 */
export async function ownDelta(patch: readonly PatchOperation[], store: RoleBindingStore): Promise<readonly RoleBindingChange[]> {
  const before = new Map<string, readonly RoleBinding[]>()
  const after = new Map<string, readonly RoleBinding[]>()
  for (const [at, { op, path, value }] of patch.entries()) {
    if (at % operationsPerTurn === operationsPerTurn - 1) await nextTurn()
    const [shard, principal] = placeOf(path)
    const held = after.get(principal) ?? store.heldBy(principal)
    if (!before.has(principal)) before.set(principal, held)
    if (op !== "upsert" && held.length === 0) throw unfitDelta(`it has '${op}' for a principal who is not there`)
    after.set(principal, op === "remove" ? [] : [...principalBindings(principal, value, shard)])
  }
  return [...after].flatMap(([principal, bindings]) => bindingDifferences(before.get(principal) ?? [], bindings))
}

const operationsPerTurn = 500

function placeOf([root, shard, member, principal, ...deeper]: readonly string[]): readonly [shard: string, principal: string] {
  if (root === "authz_bindings" && shard !== undefined && member === "principals" && principal !== undefined && deeper.length === 0) {
    if (shardOfPrincipal(principal) === shard) return [shard, principal]
    throw unfitDelta(`it has a principal in shard ${shard}, who is looked for in another one`)
  }
  throw unfitDelta("it changes something else than what principals hold")
}
