import { extname } from "node:path"
import { PdpError } from "../errors.js"
import { fileProblem, type BindingRow } from "./binding-row.js"
import { jsonRow, jsonRows } from "./json-rows.js"
import { unavailable } from "./unavailable.js"
import { yamlRows } from "./yaml-rows.js"

/** How bindings are written in a file. */
export type FileFormat = "yaml" | "json" | "ndjson"

/** The format by the name's ending. @throws {PdpError} `ERR_CONFIG_INVALID` when it is none of ours */
export function fileFormat(path: string): FileFormat {
  const ending = extname(path).toLowerCase()
  const format = formats.get(ending)
  if (!format)
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `the ending '${ending}' of ${path} names no format of bindings; use one of ${[...formats.keys()].join(", ")}`,
    )
  return format
}

/** Large files must be NDJSON, which is never in memory as a whole. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export function assertSize(path: string, format: FileFormat, bytes: number): void {
  if (bytes === 0) throw unavailable(`${path} is empty`, "a writer may be half-way: replace the file by renaming a complete one")
  const most = mostBytes[format]
  if (bytes > most)
    throw unavailable(
      `${path} has ${bytes} bytes, more than ${most} for ${format}`,
      "write it as NDJSON: one binding a line, in a file that ends in .ndjson",
    )
}

/**
 * The rows of a file, in lists of those that arrived together.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with file, line, value and remedy
 */
export async function* fileRows(path: string, format: FileFormat, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Iterable<BindingRow>> {
  if (format === "ndjson") return yield* lineRows(path, chunks)
  let text = ""
  for await (const part of decoded(path, chunks)) text += part
  yield format === "json" ? jsonRows(path, text) : yamlRows(path, text)
}

const formats: ReadonlyMap<string, FileFormat> = new Map<string, FileFormat>([
  [".yaml", "yaml"],
  [".yml", "yaml"],
  [".json", "json"],
  [".ndjson", "ndjson"],
  [".jsonl", "ndjson"],
])

const mebibyte = 1024 * 1024
const mostLineLength = mebibyte

/** YAML is parsed at one go, at about a third of a second a MiB. */
const mostBytes: Readonly<Record<FileFormat, number>> = { yaml: mebibyte, json: 8 * mebibyte, ndjson: Number.POSITIVE_INFINITY }

async function* lineRows(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BindingRow[]> {
  let line = 0
  let rest = ""
  for await (const part of decoded(path, chunks)) {
    const lines = (rest + part).split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > mostLineLength)
      throw fileProblem(path, line + lines.length + 1, `a line is longer than ${mostLineLength}`, "write one binding a line")
    const first = line
    line += lines.length
    yield rowsOf(path, lines, first)
  }
  yield rowsOf(path, [rest], line)
}

function rowsOf(path: string, lines: readonly string[], before: number): readonly BindingRow[] {
  const rows: BindingRow[] = []
  lines.forEach((text, at) => {
    if (text !== "" && text.trim() !== "") rows.push(jsonRow(path, text, before + at + 1))
  })
  return rows
}

async function* decoded(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let line = 1
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      throw fileProblem(path, line, "here or soon after stand bytes that are not UTF-8", "write the file in UTF-8", cause)
    }
  }
  for await (const chunk of chunks) {
    const text = decode(chunk)
    yield text
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++
  }
  yield decode()
}
