import { chmod, mkdir, open, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import { replaceFile } from "../model/replaced-file.js"
import { unavailable } from "../model/unavailable.js"
import { unreadable } from "./stored-login.js"

const others = 0o077

/**
 * The content of a file that only its owner may read: a wider mode is narrowed, and told.
 *
 * @returns undefined when there is none
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it cannot be read, or not be narrowed, or it or its folder is somebody else's
 */
export async function privateContent(file: string, onNotice: (text: string) => void): Promise<string | undefined> {
  try {
    const handle = await open(file, "r")
    try {
      const { mode, uid } = await handle.stat()
      assertOwn(file, uid)
      assertOwn(dirname(file), (await stat(dirname(file))).uid)
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
    if (thrown instanceof PdpError) throw thrown
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
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when that cannot be, `ERR_CONFIG_INVALID` when it is somebody else's
 */
export async function privateFolder(file: string, onNotice: (text: string) => void): Promise<void> {
  const folder = dirname(file)
  try {
    await makeFolder(folder)
    const { mode, uid } = await stat(folder)
    assertOwn(folder, uid)
    if (!isWide(mode)) return
    await chmod(folder, 0o700)
    onNotice(`${folder} was open to others (mode ${modeText(mode)}): only you may use it now`)
  } catch (thrown) {
    throw thrown instanceof PdpError ? thrown : unwritable(file, thrown)
  }
}

/** Whoever owns a file can read it, whatever its mode. Windows has no such numbers. */
function assertOwn(path: string, uid: number): void {
  const own = process.geteuid?.()
  if (process.platform === "win32" || own === undefined || uid === own) return
  throw unreadable(
    `${path} belongs to another account of this machine (uid ${uid}, and this program runs as ${own})`,
    "make it yours with chown, or name a folder of your own by XDG_CONFIG_HOME",
  )
}

/** One level after the other: where a file system refuses every new folder, as /proc does, Node's `recursive` never ends. */
async function makeFolder(folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return
  if (dirname(folder) !== folder) await makeFolder(dirname(folder))
  await mkdir(folder, 0o700).catch((thrown: unknown) => {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown
  })
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
