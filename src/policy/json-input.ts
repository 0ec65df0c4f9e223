import { messageOf, PdpError } from "../errors.js"

/**
 * A value as JSON text that is safe to hand to a policy.
 *
 * @returns `undefined` for what JSON leaves out (`undefined`, functions)
 * @throws {PdpError} `ERR_INPUT_INVALID` for cycles, BigInt, nesting beyond what the stack holds, and lone surrogates
 */
export function jsonInput(value: unknown): string | undefined {
  const text = stringify(value)
  if (text?.includes("\\ud") && loneSurrogate.test(text))
    throw new PdpError("ERR_INPUT_INVALID", "the input holds a lone surrogate; pass well-formed Unicode")
  return text
}

/** JSON.stringify escapes lone surrogates only; an even number of backslashes before one is text. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `the input is not JSON (${messageOf(cause)}); pass plain objects, lists, strings, numbers and booleans`, { cause })
  }
}
