import { readFile, stat } from "node:fs/promises"
import { messageOf, PdpError } from "../errors.js"
import type { NamedText } from "./document.js"
import { documentLimits } from "./parsed-text.js"

/**
 * Reads documents from disk, each named by its path as it was given.
 *
 * @throws {PdpError} `ERR_AUTHORIZATION_DATA_INVALID` for a file that cannot be read, is not UTF-8, or has more than 16 MiB
 */
export async function readAuthorizationDataFiles(paths: readonly string[]): Promise<readonly NamedText[]> {
  return Promise.all(paths.map(readNamedText))
}

async function readNamedText(path: string): Promise<NamedText> {
  try {
    const { size } = await stat(path)
    if (size > documentLimits.maxBytes)
      throw new PdpError(
        "ERR_AUTHORIZATION_DATA_INVALID",
        `'${path}' has ${size} bytes, more than ${documentLimits.maxBytes}; split it into several files, and write role bindings one a line, in a file that ends in .ndjson`,
      )
    return { name: path, text: new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path)) }
  } catch (cause) {
    if (cause instanceof PdpError) throw cause
    throw new PdpError(
      "ERR_AUTHORIZATION_DATA_INVALID",
      `cannot read '${path}': ${messageOf(cause)}; check the path, its rights, and that it is UTF-8`,
      { cause },
    )
  }
}
