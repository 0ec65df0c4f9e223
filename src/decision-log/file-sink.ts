import { open, rename, rm, stat, type FileHandle } from "node:fs/promises"
import { z } from "zod"
import { checkOptions } from "../model/options.js"
import type { Sink } from "./sink.js"

/** Options of {@link fileSink}. */
export interface FileSinkOptions {
  readonly path: string
  /** Bytes from which on a new file is begun. Default 100 MiB. */
  readonly maxBytes?: number
  /** Files that are kept, `path` itself and `path.1`, `path.2`, … Default 10. With 1, the old one is replaced. */
  readonly maxFiles?: number
}

/**
 * Appends events to a file, one JSON text a line, readable by its owner only. A file that others moved away or removed is begun anew. What could not
 * be written completely (a full disk) is taken back, and tried again.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function fileSink(options: FileSinkOptions): Sink {
  checkOptions("fileSink", Options, options)
  const { path, maxBytes = 100 * 1_048_576, maxFiles = 10 } = options
  let current: OpenFile | undefined

  const close = async (): Promise<void> => {
    const closed = current
    current = undefined
    await closed?.handle.close()
  }
  const file = async (): Promise<OpenFile> => {
    if (current && !(await isStillThere(path, current.handle))) await close()
    current ??= await opened(path)
    if (current.size < maxBytes) return current
    await close()
    await rotate(path, maxFiles)
    return (current = await opened(path))
  }
  const write = async (events: readonly string[]): Promise<void> => {
    const { handle, size, isTorn } = await file()
    const bytes = Buffer.from(`${isTorn ? "\n" : ""}${events.join("\n")}\n`)
    try {
      await handle.appendFile(bytes)
    } catch (thrown) {
      await takenBack(handle, size)
      await close()
      throw thrown
    }
    current = { handle, size: size + bytes.length, isTorn: false }
  }
  return { name: `file ${path}`, write, close }
}

const Options = z.strictObject({
  path: z.string().min(1),
  maxBytes: z.int().min(1_024).optional(),
  maxFiles: z.int().min(1).max(1_000).optional(),
})

interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
  /** It does not end with a line end: a process was killed, perhaps, while it wrote. */
  readonly isTorn: boolean
}

async function opened(path: string): Promise<OpenFile> {
  const handle = await open(path, "a+", 0o600)
  const { size } = await handle.stat()
  const last = Buffer.alloc(1, lineEnd)
  if (size > 0) await handle.read(last, 0, 1, size - 1)
  return { handle, size, isTorn: last[0] !== lineEnd }
}

/** Where that does not work either, the next write begins with a line end. */
async function takenBack(handle: FileHandle, size: number): Promise<void> {
  await handle.truncate(size).catch(() => undefined)
}

async function isStillThere(path: string, handle: FileHandle): Promise<boolean> {
  const [named, held] = await Promise.all([stat(path).catch(ifAbsent), handle.stat()])
  return named?.ino === held.ino && named.dev === held.dev
}

/** Oldest first, so that at every moment each file is complete under one name. */
async function rotate(path: string, maxFiles: number): Promise<void> {
  for (let at = maxFiles - 1; at >= 1; at--) await rename(at === 1 ? path : `${path}.${at - 1}`, `${path}.${at}`).catch(ifAbsent)
  if (maxFiles === 1) await rm(path, { force: true })
}

const lineEnd = 0x0a

function ifAbsent(thrown: unknown): undefined {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "ENOENT") return undefined
  throw thrown
}
