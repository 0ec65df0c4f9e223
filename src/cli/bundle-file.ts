import { readFile } from "node:fs/promises"
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

/** Parses `--algorithm`. */
export function algorithmArgument(text: string): SignatureAlgorithm {
  const known = signatureAlgorithms.find((name) => name === text)
  if (known) return known
  const why = text === "EdDSA" ? "OPA does not verify EdDSA" : "OPA does not verify it, or everybody who can verify with it can sign"
  throw new InvalidArgumentError(`${why}; choose one of ${signatureAlgorithms.join(", ")}.`)
}
