import { createHash } from "node:crypto"
import { open, type FileHandle } from "node:fs/promises"
import { messageOf, PdpError } from "../errors.js"
import type { RoleBindingStore } from "../store/index.js"
import { snapshotRows } from "./snapshot-rows.js"
import { AnyHeader, HeaderLine, snapshotVersion, trailerAtEnd, type SnapshotHeader, type SnapshotTrailer } from "./snapshot-format.js"
import type { SnapshotFile } from "./snapshot-writer.js"
import { unavailable } from "../model/unavailable.js"

/** What a snapshot file held. */
export interface LoadedSnapshot {
  /** `takenAt` is the last time that the file knows of. */
  readonly header: SnapshotHeader
  readonly file: SnapshotFile
}

/**
 * Reads a snapshot file into an empty store, in slices between which the event loop turns. The store is of use only when this resolves.
 *
 * @param source the name of the source whose snapshot it must be
 * @returns undefined when there is no file
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with the reason `snapshot_version`, `snapshot_of_another_source` or `snapshot_broken`, or when it cannot be read
 */
export async function readSnapshot(path: string, source: string, store: RoleBindingStore, signal: AbortSignal): Promise<LoadedSnapshot | undefined> {
  const handle = await opened(path)
  if (!handle) return undefined
  try {
    const { dev, ino, size } = await handle.stat({ bigint: true })
    const { header, rowsAt } = await readHeader(path, source, handle)
    const { trailer, trailerAt } = await readTrailer(path, handle, Number(size))
    await readRows(path, handle, store, { header, trailer, rowsAt, trailerAt }, signal)
    const takenAt = Math.max(header.takenAt, trailer.confirmedAt)
    return { header: { ...header, takenAt }, file: { device: dev, inode: ino, bytes: size } }
  } catch (thrown) {
    if (thrown instanceof PdpError) throw thrown
    throw unreadable(path, thrown)
  } finally {
    await handle.close()
  }
}

interface Frame {
  readonly header: SnapshotHeader
  readonly trailer: SnapshotTrailer
  /** Where the rows begin. */
  readonly rowsAt: number
  /** Where they end. */
  readonly trailerAt: number
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined
    throw unreadable(path, cause)
  }
}

const mostHeaderBytes = 64 * 1024
const mostTrailerBytes = 256

async function readHeader(path: string, source: string, handle: FileHandle): Promise<{ readonly header: SnapshotHeader; readonly rowsAt: number }> {
  const bytes = await bytesAt(handle, 0, mostHeaderBytes)
  const end = bytes.indexOf("\n")
  if (end < 0) throw broken(path, "its first line is not whole")
  const line = parsed(bytes.toString("utf8", 0, end))
  const version = AnyHeader.safeParse(line).data?.portcullis_snapshot
  if (version === undefined) throw broken(path, "its first line is not that of a snapshot")
  if (version !== snapshotVersion)
    throw refused("snapshot_version", `the snapshot ${path} has format ${version}, and this version of Portcullis reads format ${snapshotVersion}`)
  const { data: header } = HeaderLine.safeParse(line)
  if (!header) throw broken(path, "its first line does not say what it holds")
  if (header.source !== source)
    throw refused("snapshot_of_another_source", `the snapshot ${path} is of the source '${header.source}', and role bindings come from '${source}'`)
  return { header, rowsAt: end + 1 }
}

async function readTrailer(
  path: string,
  handle: FileHandle,
  size: number,
): Promise<{ readonly trailer: SnapshotTrailer; readonly trailerAt: number }> {
  const end = (await bytesAt(handle, Math.max(0, size - mostTrailerBytes), mostTrailerBytes)).toString("latin1")
  const [line, count, digest, confirmedAt] = trailerAtEnd.exec(end) ?? []
  if (line === undefined || digest === undefined) throw broken(path, "its end is missing")
  return { trailer: { count: Number(count), digest, confirmedAt: Date.parse(confirmedAt ?? "") || 0 }, trailerAt: size - line.length }
}

async function readRows(path: string, handle: FileHandle, store: RoleBindingStore, frame: Frame, signal: AbortSignal): Promise<void> {
  const { trailer, rowsAt, trailerAt } = frame
  const hash = createHash("sha256").update(await bytesAt(handle, 0, rowsAt))
  let count = 0
  for await (const changes of snapshotRows(handle, rowsAt, trailerAt, hash)) {
    signal.throwIfAborted()
    if (!changes) throw broken(path, `something behind row ${count} is no role binding`)
    store.apply(changes)
    count += changes.length
  }
  if (count !== trailer.count) throw broken(path, `it holds ${count} rows instead of ${trailer.count}`)
  if (hash.digest("hex") !== trailer.digest) throw broken(path, "its content does not have the SHA-256 that it names")
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function broken(path: string, what: string): PdpError {
  return refused("snapshot_broken", `the snapshot ${path} is broken: ${what}`)
}

function refused(reason: string, what: string): PdpError {
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `${what}; it is not used, and is replaced when the source answers`, { reason })
}

function unreadable(path: string, cause: unknown): PdpError {
  return unavailable(`the snapshot ${path} cannot be read: ${messageOf(cause)}`, "make the file readable", cause)
}
