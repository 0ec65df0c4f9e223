import { PdpError } from "../errors.js"
import { assertCount, questionCaps } from "./input-caps.js"

const needsNoEscape = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * A string as JSON text.
 *
 * @param name of the value, for messages
 * @throws {PdpError} `ERR_INPUT_INVALID` for anything but a string, for more than 8,192 characters, and for a lone surrogate
 */
export function quoted(value: string, name: string): string {
  if (typeof value !== "string") throw new PdpError("ERR_INPUT_INVALID", `${name} is ${value === null ? "null" : typeof value}; pass a string`)
  assertCount(name, value.length, "characters", questionCaps.textLength)
  if (needsNoEscape.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw new PdpError("ERR_INPUT_INVALID", `${name} holds a lone surrogate; pass well-formed Unicode`)
  return JSON.stringify(value)
}
