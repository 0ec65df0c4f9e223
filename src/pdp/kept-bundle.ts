import { readFile, stat, utimes } from "node:fs/promises"
import { messageOf } from "../errors.js"
import { replaceFile } from "../model/replaced-file.js"
import { unavailable } from "../model/unavailable.js"

/** The last good bundle on disk, as it came. */
export interface KeptBundle {
  /** @returns undefined when there is none */
  read(): Promise<{ readonly bytes: Uint8Array; readonly takenAt: number } | undefined>
  /** Replaces it whole, or leaves it as it is. Only its owner may read it. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  write(bytes: Uint8Array): Promise<void>
  /** It is still the last good one. @returns false when somebody has removed it @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  confirm(): Promise<boolean>
}

/** @param now milliseconds since the epoch @param mostBytes of what is read */
export function keptBundle(path: string, mostBytes: number, now: () => number): KeptBundle {
  const failed = (cause: unknown, what: string): Error =>
    unavailable(`the bundle kept in ${path} cannot be ${what}: ${messageOf(cause)}`, "check the folder, its rights and the disk", cause)
  const confirm = async (): Promise<void> => {
    const seconds = now() / 1_000
    await utimes(path, seconds, seconds)
  }
  return {
    read: async () => {
      try {
        const { size, mtimeMs } = await stat(path)
        if (size > mostBytes) throw unavailable(`it has ${size} bytes, and ${mostBytes} are allowed`, "allow more, or remove it")
        // A clock that went back must not make it young for longer.
        return { bytes: await readFile(path), takenAt: Math.min(mtimeMs, now()) }
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw failed(cause, "read")
      }
    },
    write: async (bytes) => {
      try {
        await replaceFile(path, (handle) => handle.writeFile(bytes))
        await confirm()
      } catch (cause) {
        throw failed(cause, "written")
      }
    },
    confirm: async () => {
      try {
        await confirm()
        return true
      } catch (cause) {
        if (isMissing(cause)) return false
        throw failed(cause, "written")
      }
    },
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT"
}
