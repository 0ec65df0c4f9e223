import { rowProblem, type BindingRow } from "./binding-row.js"
import type { BindingsFormat } from "./bindings-format.js"
import { jsonRow, jsonRows } from "./json-rows.js"
import { yamlRows } from "./yaml-rows.js"

/**
 * The rows of a document, in lists of those that arrived together.
 *
 * @param place how messages name it: a path or a URL
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export async function* bindingRows(place: string, format: BindingsFormat, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Iterable<BindingRow>> {
  if (format === "ndjson") return yield* lineRows(place, chunks)
  let text = ""
  for await (const part of decoded(place, chunks)) text += part
  yield format === "json" ? jsonRows(place, text) : yamlRows(place, text)
}

const mostLineLength = 1024 * 1024

async function* lineRows(place: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BindingRow[]> {
  let line = 0
  let rest = ""
  for await (const part of decoded(place, chunks)) {
    const lines = (rest + part).split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > mostLineLength)
      throw rowProblem(place, line + lines.length + 1, `a line is longer than ${mostLineLength}`, "write one binding a line")
    const first = line
    line += lines.length
    yield rowsOf(place, lines, first)
  }
  yield rowsOf(place, [rest], line)
}

function rowsOf(place: string, lines: readonly string[], before: number): readonly BindingRow[] {
  const rows: BindingRow[] = []
  lines.forEach((text, at) => {
    if (text !== "" && text.trim() !== "") rows.push(jsonRow(place, text, before + at + 1))
  })
  return rows
}

async function* decoded(place: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
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
