import type { PatchOperation } from "../bundle/index.js"
import { ownedCopies, setMember, type OwnedCopies } from "../model/owned-copies.js"
import { unfitDelta } from "./delta-problem.js"

/**
 * A document as a delta makes it; the one before stays as it is. As OPA does it: `upsert` makes the objects on the way, `replace` and `remove` are for what
 * is there; a segment in a list is an index in it, and `-` with `upsert` its end.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `delta_unfit` when the document has no such place
 * @see https://www.openpolicyagent.org/docs/management-bundles#delta-bundles
 */
export function patchedDocument(document: unknown, patch: readonly PatchOperation[]): unknown {
  const copies = ownedCopies()
  return patch.reduce<unknown>((patched, operation) => changed(patched, operation, 0, copies), document)
}

function changed(parent: unknown, operation: PatchOperation, depth: number, copies: OwnedCopies): unknown {
  const { op, path, value } = operation
  const segment = path[depth] ?? ""
  if (Array.isArray(parent)) return changedList(parent, operation, depth, copies)
  if (typeof parent !== "object" || parent === null) throw nowhere(operation)
  const has = Object.hasOwn(parent, segment)
  if (!has && op !== "upsert") throw nowhere(operation)
  const own = copies.object(parent)
  if (depth < path.length - 1) setMember(own, segment, changed(has ? Reflect.get(parent, segment) : {}, operation, depth + 1, copies))
  else if (op === "remove") Reflect.deleteProperty(own, segment)
  else setMember(own, segment, value)
  return own
}

function changedList(list: readonly unknown[], operation: PatchOperation, depth: number, copies: OwnedCopies): readonly unknown[] {
  const { op, path, value } = operation
  const segment = path[depth] ?? ""
  const isLast = depth >= path.length - 1
  const isEnd = segment === "-" && op === "upsert" && isLast
  const index = /^(?:0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : list.length
  if (index >= list.length && !isEnd) throw nowhere(operation)
  const own = copies.list(list)
  if (!isLast) own[index] = changed(list[index], operation, depth + 1, copies)
  else if (op === "remove") own.splice(index, 1)
  else if (op === "replace") own[index] = value
  else own.splice(index, 0, value)
  return own
}

function nowhere({ op }: PatchOperation): Error {
  return unfitDelta(`it has '${op}' for a place that there is not`)
}
