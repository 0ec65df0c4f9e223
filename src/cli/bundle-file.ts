import { lstat, mkdir, readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { InvalidArgumentError } from "commander"
import { signatureAlgorithms, type SignatureAlgorithm } from "../bundle/index.js"
import { messageOf, PdpError } from "../errors.js"
import { replaceFile } from "../model/replaced-file.js"
import type { Terminal } from "./terminal.js"

/** The bytes of a file. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export async function readBytes(file: string, terminal: Terminal): Promise<Buffer> {
  try {
    return await readFile(resolve(terminal.workingFolder, file))
  } catch (cause) {
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Writes a file whole, or leaves what is there.
 *
 * @param mode rights of the file
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE`
 */
export async function writeBytes(file: string, bytes: Uint8Array, mode: number, terminal: Terminal): Promise<void> {
  try {
    await replaceFile(resolve(terminal.workingFolder, file), async (handle) => {
      await handle.writeFile(bytes)
      await handle.chmod(mode)
    })
  } catch (cause) {
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot write ${file}: ${messageOf(cause)}; check the folder, its rights and the disk`, { cause })
  }
}

/** Makes a folder, unless it is there. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export async function makeFolder(folder: string, terminal: Terminal): Promise<void> {
  try {
    await mkdir(resolve(terminal.workingFolder, folder), { recursive: true })
  } catch (cause) {
    throw new PdpError(
      "ERR_SOURCE_UNAVAILABLE",
      `cannot make the folder ${folder}: ${messageOf(cause)}; name a folder, or one that is not there yet`,
      {
        cause,
      },
    )
  }
}

/** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` naming the first of the files that is there */
export async function assertFree(files: readonly string[], terminal: Terminal): Promise<void> {
  for (const file of files) {
    const found = await lstat(resolve(terminal.workingFolder, file)).catch(() => undefined)
    if (found) throw new PdpError("ERR_SOURCE_UNAVAILABLE", `${file} is there already; choose another name, or overwrite it with --force`)
  }
}

/**
 * Reads a key of a file.
 *
 * @param parse what it is read with
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE`; what `parse` throws, with the file's name
 */
export async function readKey<Key>(file: string, terminal: Terminal, parse: (pem: string) => Key): Promise<Key> {
  return namingFile(file, (await readBytes(file, terminal)).toString(), parse)
}

/** Has a file's contents parsed. @throws {PdpError} what `parse` throws, with the file's name */
export function namingFile<Key>(file: string, text: string, parse: (text: string) => Key): Key {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof PdpError)) throw cause
    throw new PdpError(cause.code, `${file}: ${cause.message}`, { cause })
  }
}

/** Parses `--algorithm`. */
export function algorithmArgument(text: string): SignatureAlgorithm {
  const known = signatureAlgorithms.find((name) => name === text)
  if (known) return known
  const why = text === "EdDSA" ? "OPA does not verify EdDSA" : "OPA does not verify it, or everybody who can verify with it can sign"
  throw new InvalidArgumentError(`${why}; choose one of ${signatureAlgorithms.join(", ")}.`)
}
