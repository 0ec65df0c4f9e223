import { bindingLines } from "./binding-lines.js"
import type { BindingRow } from "./binding-row.js"
import type { BindingsFormat } from "./bindings-format.js"
import { jsonRows } from "./json-rows.js"
import { decodedText } from "./text-lines.js"
import { yamlRows } from "./yaml-rows.js"

/**
 * The rows of a document, in lists of those that arrived together.
 *
 * @param place how messages name it: a path or a URL
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export async function* bindingRows(place: string, format: BindingsFormat, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Iterable<BindingRow>> {
  if (format === "ndjson") return yield* bindingLines(place, chunks)
  let text = ""
  for await (const part of decodedText(place, chunks)) text += part
  yield format === "json" ? jsonRows(place, text) : yamlRows(place, text)
}
