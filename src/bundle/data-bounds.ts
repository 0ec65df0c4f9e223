import { PdpError } from "../errors.js"

/** Most values in the data files of a bundle that are read together, or in one that is read alone. A million role bindings are 6 million. */
export const mostValues = 10_000_000

/** Most bytes of a data file in YAML, which takes a hundred times as long to read as JSON. */
export const mostYamlBytes = 524_288

/**
 * Looks at data files before they are parsed, which would hold up everything else and take many times their size.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `too_large`
 */
export function assertModest(files: readonly (readonly [name: string, bytes: Uint8Array])[]): void {
  for (const [name, { length }] of files)
    if (/\.ya?ml$/.test(name) && length > mostYamlBytes)
      throw tooLarge(`${name} has ${length} bytes, and YAML may have ${mostYamlBytes}; write data.json instead`)
  // No value is shorter than a byte, but for an empty text between commas that no JSON has.
  if (files.reduce((sum, [, { length }]) => sum + length, 0) <= mostValues) return
  let left = mostValues
  for (const [name, bytes] of files) {
    left -= valuesIn(bytes, left)
    if (left < 0) throw tooLarge(`${name} leads beyond the ${mostValues} values that data files may hold; hold less data in the bundle`)
  }
}

/** Arrays, objects, and commas, which texts may hold, too: those are skipped. Stops at one more than `most`. */
function valuesIn(bytes: Uint8Array, most: number): number {
  let values = 1
  for (let at = 0; at < bytes.length && values <= most; at++) {
    const byte = bytes[at]
    if (byte === comma || byte === openBrace || byte === openBracket) values++
    else if (byte === quote) while (++at < bytes.length && bytes[at] !== quote) if (bytes[at] === backslash) at++
  }
  return values
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const openBrace = 0x7b

function tooLarge(problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason: "too_large" })
}
