import { createHash, type Hash } from "node:crypto"
import { open, stat, type FileHandle } from "node:fs/promises"
import { messageOf, type PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"
import { throwIfAborted } from "./unavailable.js"

/** What tells one state of a file from another, as far as the file system can tell. */
export interface FileState {
  readonly fingerprint: string
  readonly bytes: number
  /** When it changed last, in milliseconds. */
  readonly changedAtMs: number
}

/** One pass over the bytes of a file. */
export interface FileReading {
  /** The bytes; each chunk is valid until the next one is asked for. Fails when the file is not, or not any more, in that state. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Of all bytes, once they have been read. */
  digest(): string
}

/** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when there is no such file */
export async function fileState(path: string): Promise<FileState> {
  return stateOf(path, () => stat(path, { bigint: true }))
}

/** Reads a file that is in that state. */
export function readFileIn(state: FileState, path: string, signal: AbortSignal): FileReading {
  const hash = createHash("sha256")
  return { chunks: chunksOf(state, path, signal, hash), digest: () => hash.digest("base64") }
}

const chunkBytes = 128 * 1024

async function* chunksOf(state: FileState, path: string, signal: AbortSignal, hash: Hash): AsyncGenerator<Uint8Array> {
  const handle = await opened(path)
  try {
    await assertState(state, path, handle)
    const buffer = Buffer.allocUnsafe(chunkBytes)
    for (;;) {
      throwIfAborted(path, signal)
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, null)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      hash.update(chunk)
      yield chunk
    }
    await assertState(state, path, handle)
  } finally {
    await handle.close()
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r")
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function assertState(state: FileState, path: string, handle: FileHandle): Promise<void> {
  const { fingerprint } = await stateOf(path, () => handle.stat({ bigint: true }))
  if (fingerprint !== state.fingerprint)
    throw unavailable(`${path} changed while it was read`, "replace it by renaming a complete file; it will be read again")
}

interface Stat {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly mtimeMs: bigint
  readonly ctimeMs: bigint
  isFile(): boolean
}

async function stateOf(path: string, ask: () => Promise<Stat>): Promise<FileState> {
  const found = await ask().catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (!found.isFile()) throw unavailable(`${path} is not a file`, "name a file")
  const changedAtMs = Number(found.mtimeMs > found.ctimeMs ? found.mtimeMs : found.ctimeMs)
  const fingerprint = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join("-")
  return { fingerprint, bytes: Number(found.size), changedAtMs }
}

function unreadable(path: string, cause: unknown): PdpError {
  return unavailable(`${path} cannot be read: ${messageOf(cause)}`, "create the file, or make it readable", cause)
}
