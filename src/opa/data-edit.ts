import { ownedCopies, setMember, type OwnedCopies } from "../model/owned-copies.js"
import { isIndex, valueInside } from "./data-path.js"
import type { OpaErrorCode } from "./error.js"

/** Why base data stays as it is, as OPA says it. */
export class DataEditError extends Error {
  readonly status: number
  readonly code: OpaErrorCode

  constructor(status: number, code: OpaErrorCode, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** One operation of a patch; `at` begins at the root of all data. */
export interface DataOperation {
  readonly op: "add" | "remove" | "replace"
  readonly at: readonly string[]
  readonly value: unknown
}

/**
 * Base data with a value put at a place, as `PUT /v1/data/…` does: objects on the way are made, and in a list it is inserted.
 *
 * @throws {DataEditError} 404 where something that is no object stands on the way
 */
export function dataWithValue(document: unknown, at: readonly string[], value: unknown): unknown {
  const parent = at.slice(0, -1)
  return dataWithOperation(withObjects(document, parent, []), { op: "add", at, value }, ownedCopies(), () => conflict(parent))
}

/** Base data without what is at a place. @throws {DataEditError} 404 when nothing is */
export function dataWithout(document: unknown, at: readonly string[]): unknown {
  return dataWithOperation(document, { op: "remove", at, value: undefined }, ownedCopies())
}

/** Base data after operations; all of them, or none. @throws {DataEditError} */
export function dataPatched(document: unknown, operations: readonly DataOperation[]): unknown {
  const copies = ownedCopies()
  return operations.reduce<unknown>((current, operation) => dataWithOperation(current, operation, copies), document)
}

/**
 * The operations in the body of `PATCH /v1/data/…`. Paths go on from `prefix`; what `~0` and `~1` stand for is put in.
 *
 * @throws {DataEditError} 400 for what is no list of operations, or of more than 10,000, or another than `add`, `remove` and `replace`
 */
export function dataOperations(body: unknown, prefix: readonly string[]): readonly DataOperation[] {
  if (!Array.isArray(body)) throw invalid(`json: cannot unmarshal ${kindOf(body)} into Go value of type []types.PatchV1`)
  if (body.length > mostOperations) throw invalid(`a patch has ${body.length} operations, of ${mostOperations} at most; send it in parts`)
  return body.map((one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one))
      throw invalid(`json: cannot unmarshal ${kindOf(one)} into Go value of type types.PatchV1`)
    const op = textOf(one, "op")
    if (op !== "add" && op !== "remove" && op !== "replace") throw invalid(`bad patch operation: ${op.slice(0, 64)}`)
    const value: unknown = Object.hasOwn(one, "value") ? Reflect.get(one, "value") : null
    return { op, at: [...prefix, ...pointerSegments(textOf(one, "path"))], value }
  })
}

const mostOperations = 10_000

/** The document at a place before a write; `undefined` when there is none. */
export const dataAt = valueInside

function dataWithOperation(document: unknown, operation: DataOperation, copies: OwnedCopies, absent: () => DataEditError = notFound): unknown {
  const { op, at, value } = operation
  if (at.length > 0) return changed(document, { operation, absent, copies }, 0)
  if (op === "remove") throw new DataEditError(400, "invalid_parameter", "storage_invalid_patch_error: root cannot be removed")
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DataEditError(400, "invalid_parameter", "storage_invalid_patch_error: root must be object")
  return value
}

/** An operation that is being done. */
interface Change {
  readonly operation: DataOperation
  /** What is thrown where nothing is. */
  readonly absent: () => DataEditError
  readonly copies: OwnedCopies
}

function changed(parent: unknown, change: Change, depth: number): unknown {
  const { at, op, value } = change.operation
  const key = at[depth] ?? ""
  const isLast = depth === at.length - 1
  if (Array.isArray(parent)) return changedList(parent, change, depth)
  if (typeof parent !== "object" || parent === null) throw change.absent()
  if (!Object.hasOwn(parent, key) && !(isLast && op === "add")) throw change.absent()
  const own = change.copies.object(parent)
  if (!isLast) setMember(own, key, changed(Reflect.get(parent, key), change, depth + 1))
  else if (op === "remove") Reflect.deleteProperty(own, key)
  else setMember(own, key, value)
  return own
}

function changedList(list: readonly unknown[], change: Change, depth: number): readonly unknown[] {
  const { absent, copies } = change
  const { at, op, value } = change.operation
  const key = at[depth] ?? ""
  const isLast = depth === at.length - 1
  const isEnd = isLast && op === "add" && key === "-" && absent === notFound
  if (isLast && op !== "add" && key === "-")
    throw new DataEditError(400, "invalid_parameter", `storage_invalid_patch_error: /${at.join("/")}: invalid patch path`)
  if (!isEnd && !isIndex(key)) throw absent()
  const index = isEnd ? list.length : Number(key)
  const most = isLast && op === "add" && absent === notFound ? list.length : list.length - 1
  if (index > most) throw absent === notFound ? new DataEditError(404, "resource_not_found", outOfRange(at.slice(0, depth + 1))) : absent()
  const own = copies.list(list)
  if (!isLast) own[index] = changed(list[index], change, depth + 1)
  else if (op === "replace") own[index] = value
  else if (op === "remove") own.splice(index, 1)
  else own.splice(index, 0, value)
  return own
}

function withObjects(document: unknown, [first, ...rest]: readonly string[], before: readonly string[]): unknown {
  if (first === undefined) return document
  if (Array.isArray(document)) {
    if (!isIndex(first) || Number(first) >= document.length) throw conflict(before)
    return document.with(Number(first), withObjects(document[Number(first)], rest, [...before, first]))
  }
  if (typeof document !== "object" || document === null) throw conflict(before)
  const member: unknown = Object.hasOwn(document, first) ? Reflect.get(document, first) : {}
  return { ...document, [first]: withObjects(member, rest, [...before, first]) }
}

function pointerSegments(path: string): readonly string[] {
  const plain = path.replace(/^\/+/, "").replace(/\/+$/, "")
  return plain === "" ? [] : plain.split("/").map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
}

function conflict(at: readonly string[]): DataEditError {
  return new DataEditError(404, "resource_conflict", `storage_write_conflict_error: /${at.join("/")}`)
}

function notFound(): DataEditError {
  return new DataEditError(404, "resource_not_found", "storage_not_found_error: document does not exist")
}

function outOfRange(at: readonly string[]): string {
  return `storage_not_found_error: /${at.join("/")}: array index out of range`
}

function invalid(message: string): DataEditError {
  return new DataEditError(400, "invalid_parameter", message)
}

function textOf(operation: object, name: string): string {
  const value: unknown = Object.hasOwn(operation, name) ? Reflect.get(operation, name) : ""
  return typeof value === "string" ? value : ""
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array"
  if (value === null) return "null"
  return typeof value === "boolean" ? "bool" : typeof value
}
