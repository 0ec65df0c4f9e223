import { createHash } from "node:crypto"
import { messageOf, PdpError } from "../errors.js"
import { canonicalJson, canonicalValue } from "./canonical-json.js"
import { assertModest } from "./data-bounds.js"
import { parseYaml } from "./parse-yaml.js"
import { utf8Text } from "./utf8-text.js"

/** Names of hash algorithms in signatures, with Node's. */
export const hashAlgorithms: ReadonlyMap<string, string> = new Map([
  ["MD5", "md5"],
  ["SHA-1", "sha1"],
  ["SHA-224", "sha224"],
  ["SHA-256", "sha256"],
  ["SHA-384", "sha384"],
  ["SHA-512", "sha512"],
  ["SHA-512-224", "sha512-224"],
  ["SHA-512-256", "sha512-256"],
])

/** Arrays and objects inside each other. */
export const mostDepth = 256

/**
 * What a signature says of a file. Structured files (`data.json`, `data.yaml` and `.manifest`, but not `data.yml`) are hashed in canonical form, others as
 * they are.
 *
 * @param algorithm Node's name
 * @returns hex
 * @throws {PdpError} `ERR_BUNDLE_INVALID` when a structured file is malformed
 */
export function fileHash(name: string, bytes: Uint8Array, algorithm = "sha256"): string {
  return createHash(algorithm)
    .update(isStructured(name) ? canonicalFile(name, bytes) : bytes)
    .digest("hex")
}

/** True for files whose white space and order do not count. */
export function isStructured(name: string): boolean {
  return /(?:^|\/)(?:data\.json|data\.yaml|\.manifest)$/.test(name)
}

function canonicalFile(name: string, bytes: Uint8Array): string {
  assertModest([[name, bytes]])
  const text = utf8Text(name, bytes)
  return name.endsWith("data.yaml") ? canonicalYaml(name, text) : canonicalJson(text, name, mostDepth)
}

function canonicalYaml(name: string, text: string): string {
  try {
    return canonicalValue(parseYaml(text, { intAsBigInt: true }))
  } catch (cause) {
    throw new PdpError("ERR_BUNDLE_INVALID", `${name} is not YAML: ${messageOf(cause)}`, { reason: "data_invalid", cause })
  }
}
