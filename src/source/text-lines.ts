import { rowProblem } from "./binding-row.js"

/** Lines that arrived together. */
export interface TextLines {
  /** How many lines came before. */
  readonly before: number
  readonly lines: readonly string[]
  /** True for what stands after the last line feed, which comes last: empty when the text ends as it should. */
  readonly isRest: boolean
}

/**
 * The lines of a document in UTF-8, without their ends.
 *
 * @param place how messages name it: a path or a URL
 * @param content what a line holds, for the message: `binding`
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` for a line over 1,048,576 characters and for bytes that are not UTF-8
 */
export async function* textLines(place: string, content: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TextLines> {
  let before = 0
  let rest = ""
  for await (const part of decodedText(place, chunks)) {
    const lines = (rest + part).split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > mostLineLength)
      throw rowProblem(place, before + lines.length + 1, `a line is longer than ${mostLineLength}`, `write one ${content} a line`)
    yield { before, lines, isRest: false }
    before += lines.length
  }
  yield { before, lines: [rest], isRest: true }
}

/** The text of a document in UTF-8, in parts. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export async function* decodedText(place: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let line = 1
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      throw rowProblem(place, line, "here or soon after stand bytes that are not UTF-8", "write it in UTF-8", cause)
    }
  }
  for await (const chunk of chunks) {
    const text = decode(chunk)
    yield text
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++
  }
  yield decode()
}

const mostLineLength = 1024 * 1024
