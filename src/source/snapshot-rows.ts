import type { Hash } from "node:crypto"
import type { FileHandle } from "node:fs/promises"
import { RoleBinding, type RoleBindingChange } from "../model/role-binding.js"
import { isPlainBinding } from "./plain-binding.js"

const chunkBytes = 128 * 1024

/**
 * The rows of a snapshot file, as the changes that they are to an empty store.
 *
 * @param from the byte at which they begin
 * @param to the byte at which they end
 * @param hash takes the bytes
 * @returns lists of them; undefined for lines that are no rows, and then no more
 */
export async function* snapshotRows(
  handle: FileHandle,
  from: number,
  to: number,
  hash: Hash,
): AsyncGenerator<readonly RoleBindingChange[] | undefined> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let at = from; at < to;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkBytes, to - at), at)
    const bytes = buffer.subarray(0, bytesRead)
    const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1)
    if (whole.length === 0) return yield undefined
    hash.update(whole)
    at += whole.length
    const changes = changesIn(whole.toString("utf8"))
    yield changes
    if (!changes) return
  }
}

/** One `JSON.parse` of many lines takes a third of the time of many. */
function changesIn(lines: string): readonly RoleBindingChange[] | undefined {
  const rows = parsedList(`[${lines.slice(0, -1).replaceAll("\n", ",")}]`)
  const changes: RoleBindingChange[] = []
  for (const row of rows ?? [undefined]) {
    const change = changeOf(row)
    if (!change) return undefined
    changes.push(change)
  }
  return changes
}

function changeOf(row: unknown): RoleBindingChange | undefined {
  if (!isList(row) || row.length < 3 || row.length > 4) return undefined
  const [principal, workspace, role, expiry] = row
  const binding = bindingOf({ principal, workspace, role })
  if (!binding) return undefined
  if (row.length === 3) return { op: "add", binding }
  if (expiry === 0) return { op: "remove", binding }
  if (typeof expiry !== "number" || !(Math.abs(expiry) <= mostTimeMs)) return undefined
  return { op: "add", binding: { ...binding, expires_at: new Date(expiry).toISOString() } }
}

const mostTimeMs = 8_640_000_000_000_000

function bindingOf(cells: Readonly<Record<"principal" | "workspace" | "role", unknown>>): RoleBinding | undefined {
  return isPlainBinding(cells) ? cells : RoleBinding.safeParse(cells).data
}

function parsedList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return isList(list) ? list : undefined
  } catch {
    return undefined
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
