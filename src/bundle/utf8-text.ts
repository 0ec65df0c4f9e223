import { PdpError } from "../errors.js"

/** The text of a file. @throws {PdpError} `ERR_BUNDLE_INVALID` when it is not UTF-8 */
export function utf8Text(name: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new PdpError("ERR_BUNDLE_INVALID", `${name} is not UTF-8`, { reason: "data_invalid", cause })
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true })
