import { randomBytes } from "node:crypto"
import { open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises"
import { basename, dirname, join } from "node:path"

/**
 * Replaces a file by a complete one, or not at all: written beside it, on the disk before it gets the name. Only its owner may read it.
 * What others began in its folder and have not touched for a minute is removed: they were killed.
 *
 * @param write fills the new file
 */
export async function replaceFile<Value>(path: string, write: (handle: FileHandle) => Promise<Value>): Promise<Value> {
  await removeAbandoned(path)
  const fresh = `${path}.${randomBytes(4).toString("hex")}.tmp`
  try {
    const value = await written(fresh, write)
    await rename(fresh, path)
    await syncFolder(dirname(path))
    return value
  } catch (thrown) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw thrown
  }
}

async function written<Value>(path: string, write: (handle: FileHandle) => Promise<Value>): Promise<Value> {
  const handle = await open(path, "wx", 0o600)
  try {
    const value = await write(handle)
    await handle.sync()
    return value
  } finally {
    await handle.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return
  const folder = await open(path, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const abandonedMs = 60_000

async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path)
  const start = `${basename(path)}.`
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !/^[0-9a-f]{8}\.tmp$/.test(name.slice(start.length))) continue
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > abandonedMs) await rm(join(folder, name), { force: true })
  }
}
