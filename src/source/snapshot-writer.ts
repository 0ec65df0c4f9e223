import { createHash } from "node:crypto"
import { open } from "node:fs/promises"
import { messageOf } from "../errors.js"
import type { RoleBindingChange } from "../model/role-binding.js"
import type { RoleBindingStore } from "../store/index.js"
import { replaceFile } from "../model/replaced-file.js"
import { confirmation, headerLine, rowLine, trailerLine, type SnapshotHeader } from "./snapshot-format.js"
import { unavailable } from "../model/unavailable.js"

/** One snapshot file, whatever its name: another one with the same name is another file. */
export interface SnapshotFile {
  readonly device: bigint
  readonly inode: bigint
  readonly bytes: bigint
}

/**
 * Writes the bindings of this moment to a file, in slices between which the event loop turns. What changes meanwhile is undone at the end of
 * the file, so that it holds the state that the header describes. Replaces the old file whole, or leaves it as it is.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it cannot be written, or the signal aborts it
 */
export async function writeSnapshot(path: string, header: SnapshotHeader, store: RoleBindingStore, signal: AbortSignal): Promise<SnapshotFile> {
  const undo: RoleBindingChange[] = []
  const stop = store.observe((change) => undo.push(change))
  try {
    return await replaceFile(path, async (handle) => {
      const hash = createHash("sha256")
      let count = 0
      for (const { text, rows } of slices(header, rowsOf(store, undo, stop))) {
        const bytes = Buffer.from(text)
        hash.update(bytes)
        count += rows
        await handle.writeFile(bytes)
        signal.throwIfAborted()
      }
      await handle.writeFile(trailerLine({ count, digest: hash.digest("hex"), confirmedAt: header.takenAt }))
      const { dev, ino, size } = await handle.stat({ bigint: true })
      return { device: dev, inode: ino, bytes: size }
    })
  } catch (cause) {
    throw unwritable(path, cause)
  } finally {
    stop()
  }
}

/**
 * Notes in a snapshot file that the source has answered again, and nothing has changed.
 *
 * @returns false when there is no such file any more
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it cannot be written
 */
export async function confirmSnapshot(path: string, file: SnapshotFile, confirmedAt: number): Promise<boolean> {
  try {
    const handle = await open(path, "r+")
    try {
      const { dev, ino, size } = await handle.stat({ bigint: true })
      // Another process has replaced it, and confirms its own.
      if (dev !== file.device || ino !== file.inode || size !== file.bytes) return true
      const bytes = Buffer.from(confirmation(confirmedAt))
      await handle.write(bytes, 0, bytes.length, Number(size) - bytes.length)
      await handle.datasync()
      return true
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false
    throw unwritable(path, cause)
  }
}

const rowsInSlice = 1_000

function* slices(header: SnapshotHeader, rows: Iterable<string>): Generator<{ readonly text: string; readonly rows: number }> {
  let text = headerLine(header)
  let count = 0
  for (const row of rows) {
    text += row
    if (++count < rowsInSlice) continue
    yield { text, rows: count }
    text = ""
    count = 0
  }
  yield { text, rows: count }
}

function* rowsOf(store: RoleBindingStore, undo: RoleBindingChange[], stop: () => void): Generator<string> {
  for (const binding of store) yield rowLine(binding)
  stop()
  for (const { op, binding } of undo.reverse()) yield rowLine(binding, op)
}

function unwritable(path: string, cause: unknown): Error {
  return unavailable(
    `the snapshot ${path} cannot be written: ${messageOf(cause)}`,
    "make room, or the folder writable; until then the file stays as it was",
    cause,
  )
}
