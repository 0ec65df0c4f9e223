import { scanJson } from "../model/json-scanner.js"

/** Most of what the JSON of a small file may hold. */
export interface JsonBounds {
  readonly bytes: number
  /** Texts, numbers, lists and objects in all, but for the first one. */
  readonly values: number
}

const mostInside = 64

/**
 * Looks at a file that says what a bundle is, before anything is made of it: nobody has verified it yet.
 *
 * @returns what it has too much of; `undefined` when it is within bounds, or no JSON at all
 */
export function beyondBounds(bytes: Uint8Array, { bytes: mostBytes, values }: JsonBounds): string | undefined {
  if (bytes.length > mostBytes) return `it has ${bytes.length} bytes, and ${mostBytes} are allowed`
  const finding = scanJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { depth: mostInside, keys: values, values })
  return finding && `it holds ${finding.problem}, at byte ${finding.offset}`
}
