import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import { replaceFile } from "../model/replaced-file.js"
import type { Place } from "./spool.js"

/** Chunks on disk, a file each: `<number>-<events>.json.gz`. */
export interface SpoolFolder {
  /** What it held at the start, oldest first. */
  found(): readonly Place[]
  /** Resolves when it is on the disk. */
  write(place: Place, bytes: Uint8Array): Promise<void>
  /** Undefined when it has gone. */
  read(place: Place): Promise<Uint8Array | undefined>
  remove(place: Place): Promise<void>
}

/**
 * Opens a folder for the chunks of one process, and makes it when it is not there, for its owner only. What was begun by a process that was killed is
 * removed.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when that cannot be
 */
export function spoolFolder(path: string): SpoolFolder {
  const found = prepared(path)
  const fileOf = ({ id, count }: Place): string => join(path, `${String(id).padStart(12, "0")}-${count}.json.gz`)
  return {
    found: () => found,
    write: (place, bytes) => replaceFile(fileOf(place), (handle) => handle.writeFile(bytes)),
    read: (place) => readFile(fileOf(place)).catch(ifAbsent),
    remove: (place) => rm(fileOf(place), { force: true }),
  }
}

const fileName = /^(\d{12})-(\d{1,9})\.json\.gz$/

function prepared(path: string): readonly Place[] {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const names = readdirSync(path).toSorted()
    for (const name of names) if (/^\d{12}-\d{1,9}\.json\.gz\.[0-9a-f]{8}\.tmp$/.test(name)) rmSync(join(path, name), { force: true })
    return names.flatMap((name) => {
      const [, id, count] = fileName.exec(name) ?? []
      return id === undefined ? [] : [{ id: Number(id), count: Number(count), size: statSync(join(path, name)).size }]
    })
  } catch (cause) {
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `the spool '${path}' cannot be used: ${messageOf(cause)}; name a folder that this process may write to`,
      {
        cause,
      },
    )
  }
}

function ifAbsent(thrown: unknown): undefined {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "ENOENT") return undefined
  throw thrown
}
