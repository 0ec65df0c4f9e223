import type { BindingRow } from "./binding-row.js"
import type { BindingsFormat } from "./bindings-format.js"
import { jsonRow, jsonRows } from "./json-rows.js"
import { decodedText, textLines } from "./text-lines.js"
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
  for await (const part of decodedText(place, chunks)) text += part
  yield format === "json" ? jsonRows(place, text) : yamlRows(place, text)
}

async function* lineRows(place: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BindingRow[]> {
  for await (const { before, lines } of textLines(place, "binding", chunks)) yield rowsOf(place, lines, before)
}

function rowsOf(place: string, lines: readonly string[], before: number): readonly BindingRow[] {
  const rows: BindingRow[] = []
  lines.forEach((text, at) => {
    if (text !== "" && text.trim() !== "") rows.push(jsonRow(place, text, before + at + 1))
  })
  return rows
}
