import type { PatchOperation } from "../bundle/index.js"
import { unfitDelta } from "./delta-problem.js"

/**
 * A document as a delta makes it; the one before stays as it is. As OPA does it: `upsert` makes the objects on the way, `replace` and `remove` are for what
 * is there; a segment in a list is an index in it, and `-` with `upsert` its end.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `delta_unfit` when the document has no such place
 * @see https://www.openpolicyagent.org/docs/management-bundles#delta-bundles
 */
export function patchedDocument(document: unknown, patch: readonly PatchOperation[]): unknown {
  return patch.reduce<unknown>((patched, operation) => changed(patched, operation.path, operation), document)
}

type Members = Readonly<Record<string, unknown>>

function changed(parent: unknown, [segment = "", ...deeper]: readonly string[], operation: PatchOperation): unknown {
  if (Array.isArray(parent)) return changedList(parent, segment, deeper, operation)
  if (!isObject(parent)) throw nowhere(operation)
  if (!Object.hasOwn(parent, segment) && operation.op !== "upsert") throw nowhere(operation)
  const child = Object.hasOwn(parent, segment) ? parent[segment] : {}
  if (deeper.length > 0) return withMember(parent, segment, changed(child, deeper, operation))
  return operation.op === "remove" ? withoutMember(parent, segment) : withMember(parent, segment, operation.value)
}

function changedList(list: readonly unknown[], segment: string, deeper: readonly string[], operation: PatchOperation): readonly unknown[] {
  if (segment === "-" && operation.op === "upsert" && deeper.length === 0) return [...list, operation.value]
  const index = /^(?:0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : list.length
  if (index >= list.length) throw nowhere(operation)
  if (deeper.length > 0) return list.with(index, changed(list[index], deeper, operation))
  if (operation.op === "remove") return list.toSpliced(index, 1)
  return operation.op === "replace" ? list.with(index, operation.value) : list.toSpliced(index, 0, operation.value)
}

function withMember(parent: Members, name: string, value: unknown): Members {
  const copy = { ...parent }
  Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true })
  return copy
}

function withoutMember(parent: Members, name: string): Members {
  return Object.fromEntries(Object.entries(parent).filter(([other]) => other !== name))
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function nowhere({ op }: PatchOperation): Error {
  return unfitDelta(`it has '${op}' for a place that there is not`)
}
