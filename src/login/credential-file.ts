import { chmod, mkdir, open, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { messageOf } from "../errors.js"
import { replaceFile } from "../model/replaced-file.js"
import { unavailable } from "../model/unavailable.js"
import { unreadable } from "./stored-login.js"

const others = 0o077

/**
 * The content of a file that only its owner may read: a wider mode is narrowed, and told.
 *
 * @returns undefined when there is none
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it cannot be read, or not be narrowed
 */
export async function privateContent(file: string, onNotice: (text: string) => void): Promise<string | undefined> {
  try {
    const handle = await open(file, "r")
    try {
      const { mode } = await handle.stat()
      if (isWide(mode)) {
        await handle.chmod(0o600)
        onNotice(`${file} could be read by others (mode ${modeText(mode)}): only you may now; log in again if they should not have read it`)
      }
      return await handle.readFile("utf8")
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw unreadable(`${file} cannot be read, or not be made private: ${messageOf(thrown)}`, "it must be a file of yours, with mode 0600", thrown)
  }
}

/**
 * Replaces such a file, whole or not at all. Its folder is made, or narrowed.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it cannot be written; what was there stays
 */
export async function replacePrivate(file: string, content: string): Promise<void> {
  try {
    await replaceFile(file, (handle) => handle.writeFile(content))
  } catch (thrown) {
    throw unwritable(file, thrown)
  }
}

/**
 * Makes the folder of a file, for its owner only. One that others may use is narrowed, and told.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when that cannot be
 */
export async function privateFolder(file: string, onNotice: (text: string) => void): Promise<void> {
  const folder = dirname(file)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { mode } = await stat(folder)
    if (!isWide(mode)) return
    await chmod(folder, 0o700)
    onNotice(`${folder} was open to others (mode ${modeText(mode)}): only you may use it now`)
  } catch (thrown) {
    throw unwritable(file, thrown)
  }
}

/** True when the error says that there is no such file. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT"
}

/** The logins cannot be kept. */
export function unwritable(file: string, thrown: unknown): Error {
  return unavailable(`${file} cannot be written: ${messageOf(thrown)}`, "make room, or its folder yours and writable", thrown)
}

function isWide(mode: number): boolean {
  return process.platform !== "win32" && (mode & others) !== 0
}

function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0")
}
