import { open, rename, rm } from "node:fs/promises"
import { resolve } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import type { Terminal } from "./terminal.js"

/** Where an export is written. */
export interface ExportTarget {
  readonly write: (text: string) => Promise<void>
}

/**
 * Runs an export into a file that only its owner may read and that appears when it is complete, or without a name to standard output.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when the file cannot be written; what was there before stays then
 */
export async function intoTarget<Value>(file: string | undefined, terminal: Terminal, run: (target: ExportTarget) => Promise<Value>): Promise<Value> {
  if (file === undefined) return run({ write: (text) => printed(text, terminal) })
  const path = resolve(terminal.workingFolder, file)
  const part = `${path}.part`
  const handle = await open(part, "w", 0o600).catch((cause: unknown) => {
    throw unwritable(part, cause)
  })
  try {
    const write = async (text: string): Promise<void> => {
      await handle.writeFile(text).catch((cause: unknown) => {
        throw unwritable(part, cause)
      })
    }
    const value = await run({ write })
    await handle.sync()
    await handle.close()
    await rename(part, path)
    return value
  } catch (thrown) {
    await handle.close()
    await rm(part, { force: true })
    throw thrown
  }
}

async function printed(text: string, terminal: Terminal): Promise<void> {
  terminal.out(text)
  await terminal.drained()
}

function unwritable(path: string, cause: unknown): PdpError {
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot write ${path}: ${messageOf(cause)}; check the folder, its rights and the disk`, { cause })
}
