import { PdpError } from "../errors.js"
import type { Timers } from "../model/timers.js"
import { rereadFiles } from "./reread-files.js"

/** Secrets of which each proves a trusted peer. */
export interface SecretFile {
  /** One, or two while they are exchanged. */
  secrets(): readonly string[]
  close(): void
}

/** Options of {@link secretFile}. */
export interface SecretFileOptions {
  /** The file has changed and makes no sense: the secrets from before hold on. The error never holds a secret. */
  readonly onProblem: (error: PdpError) => void
  /** What each has at least, in characters. Default 16. */
  readonly leastLength?: number | undefined
  /** For tests. */
  readonly timers?: Timers | undefined
}

/**
 * Reads secrets from a file, and again whenever it changes: one or two lines of 16 (or `leastLength`) to 1,024 visible ASCII characters. Two, so that peers can go over
 * to a new one while the old one still holds.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the file and what is wrong with it
 */
export function secretFile(path: string, { leastLength, onProblem, timers }: SecretFileOptions): SecretFile {
  const file = rereadFiles({ paths: [path], read: ([content]) => secretsOf(path, content?.toString("utf8") ?? "", leastLength), onProblem, timers })
  return { secrets: file.current, close: file.close }
}

/** The secrets in the text of a file. @param path for messages @throws {PdpError} `ERR_CONFIG_INVALID` */
export function secretsOf(path: string, text: string, leastLength = 16): readonly string[] {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  if (lines.length === 0 || lines.length > 2)
    throw wrong(path, `holds ${lines.length} lines, and one secret or two are due, each in a line of its own`)
  const at = lines.findIndex((line) => line.length < leastLength || !secretPattern.test(line))
  if (at >= 0)
    throw wrong(path, `line ${at + 1} is no secret of ${leastLength} to 1,024 visible ASCII characters; make one with 'openssl rand -hex 32'`)
  return lines
}

/** One secret. */
export const secretPattern = /^[\x21-\x7e]{16,1024}$/

function wrong(path: string, problem: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `${path}: ${problem}`)
}
