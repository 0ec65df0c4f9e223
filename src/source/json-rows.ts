import { assertKeys, rowProblem, shown, type BindingRow, type RowField } from "./binding-row.js"
import { JsonCursor } from "./json-cursor.js"

/**
 * The rows of `{"version": 1, "bindings": [{…}, …]}`, one after the other.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export function* jsonRows(place: string, text: string): Generator<BindingRow> {
  const cursor = new JsonCursor(place, text, 1)
  const fields: RowField[] = []
  cursor.expect("{")
  if (!cursor.take("}")) {
    do {
      const { key, line } = cursor.key()
      assertKeys(place, [...fields, { key, line, value: undefined }], documentKeys)
      if (key === "bindings") yield* list(cursor)
      fields.push({ key, line, value: key === "bindings" ? undefined : cursor.value() })
    } while (cursor.take(","))
    cursor.expect("}")
  }
  cursor.end()
  assertDocument(place, fields)
}

/** The row that one line of NDJSON holds. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy */
export function jsonRow(place: string, text: string, line: number): BindingRow {
  const plain = plainRow(text, line)
  if (plain) return plain
  const cursor = new JsonCursor(place, text, line)
  const row = cursor.row()
  cursor.end()
  return row
}

/** `version: 1` and `bindings`, and nothing else. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export function assertDocument(place: string, fields: readonly RowField[]): void {
  assertKeys(place, fields, documentKeys)
  const version = fields.find(({ key }) => key === "version")
  if (version?.value !== 1) throw rowProblem(place, version?.line ?? 1, `the version is ${shown(version?.value)}`, "write version: 1")
  if (!fields.some(({ key }) => key === "bindings")) throw rowProblem(place, 1, "there are no 'bindings'", "write bindings: [] if there are none")
}

const documentKeys = ["version", "bindings"]

function* list(cursor: JsonCursor): Generator<BindingRow> {
  cursor.expect("[")
  if (cursor.take("]")) return
  do yield cursor.row()
  while (cursor.take(","))
  cursor.expect("]")
}

/**
 * The row, by way of `JSON.parse`, four times as fast as the cursor; `undefined` when it takes a closer look. `JSON.parse` drops duplicate
 * keys; then more quotes stand in the text than the keys and texts account for.
 */
function plainRow(text: string, line: number): BindingRow | undefined {
  if (text.includes("\\")) return undefined
  const object = parsed(text)
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined
  const fields: RowField[] = []
  let texts = 0
  for (const [key, value] of Object.entries(object)) {
    fields.push({ key, line, value })
    texts++
    if (typeof value === "string") texts++
    else if (!Array.isArray(value)) return undefined
    else for (const item of value) if (typeof item === "string") texts++
  }
  return quotesIn(text) === 2 * texts ? { line, fields } : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function quotesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++
  return count
}
