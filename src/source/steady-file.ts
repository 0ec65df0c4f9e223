import type { RoleBinding } from "../model/role-binding.js"
import { bindingPages } from "./binding-pages.js"
import { assertSize, fileFormat } from "./file-format.js"
import { fileState, readFileIn } from "./file-reading.js"
import { textLines, type TextLines } from "./text-lines.js"

/** A file that can be read several times: each pass gives the same bytes, or fails because somebody has changed it. */
export interface SteadyFile {
  readonly path: string
  /** How it begins, 256 bytes at most. */
  beginning(): Promise<string>
  /** @param content what a line holds, for messages */
  lines(content: string): AsyncIterable<TextLines>
  /**
   * Read as {@link fileSource} reads it.
   *
   * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with line, value and remedy; `ERR_CONFIG_INVALID` for another ending
   */
  bindings(): AsyncIterable<readonly RoleBinding[]>
}

/** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when there is no such file */
export async function steadyFile(path: string): Promise<SteadyFile> {
  const state = await fileState(path)
  const chunks = (): AsyncIterable<Uint8Array> => readFileIn(state, path, new AbortController().signal).chunks
  return {
    path,
    beginning: async () => {
      for await (const chunk of chunks()) return Buffer.from(chunk.subarray(0, beginningBytes)).toString("utf8")
      return ""
    },
    lines: (content) => textLines(path, content, chunks()),
    bindings: () => {
      const format = fileFormat(path)
      assertSize(path, format, state.bytes)
      return bindingPages({ place: path, format, chunks: chunks() }, () => undefined)
    },
  }
}

const beginningBytes = 256
