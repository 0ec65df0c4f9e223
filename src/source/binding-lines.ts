import { assertKeys, rowProblem, shown, type BindingRow, type RowField } from "./binding-row.js"
import { jsonRow } from "./json-rows.js"
import { textLines } from "./text-lines.js"

/**
 * The rows of NDJSON. Since such a text is valid wherever it is cut off between two lines, it is refused when its last line has no end, and when it
 * has no row and does not say so. It may begin with `{"version":1,"bindings":N}` and end with `{"end":N}`, N being its rows: then it is
 * refused when there are more or fewer.
 *
 * @param place how messages name it: a path or a URL
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export async function* bindingLines(place: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BindingRow[]> {
  const frame = new LineFrame(place)
  for await (const { before, lines, isRest } of textLines(place, "binding", chunks)) {
    if (isRest && lines.some((text) => text !== ""))
      throw rowProblem(place, before + 1, "the last line has no end, so that it may be cut off", `${complete}, with a line feed after each line`)
    yield frame.rows(lines, before)
  }
  frame.end()
}

const complete = "complete it; a file is best replaced by renaming a complete one"

/** Counts rows, and takes the first and the last line for what they say about that. */
class LineFrame {
  readonly #place: string
  #line = 1
  #count = 0
  #announced: RowField | undefined
  #trailer: RowField | undefined

  constructor(place: string) {
    this.#place = place
  }

  rows(lines: readonly string[], before: number): readonly BindingRow[] {
    const rows: BindingRow[] = []
    lines.forEach((text, at) => {
      if (text === "" || text.trim() === "") return
      this.#line = before + at + 1
      const row = jsonRow(this.#place, text, this.#line)
      if (this.#trailer) throw rowProblem(this.#place, this.#line, `something follows on the last line, {"end": …}`, "write that line at the end")
      if (this.#frames(row)) return
      this.#count++
      rows.push(row)
    })
    return rows
  }

  /** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when rows are missing */
  end(): void {
    for (const said of [this.#announced, this.#trailer])
      if (said && said.value !== this.#count)
        throw rowProblem(this.#place, said.line, `this line says ${shown(said.value)} bindings, and there are ${this.#count} lines of them`, complete)
    if (this.#count > 0 || this.#announced || this.#trailer) return
    throw rowProblem(this.#place, this.#line, "there are no bindings, and nothing says so", 'write {"version":1,"bindings":0} if there are none')
  }

  /** True for a line that says how many rows there are. */
  #frames({ line, fields }: BindingRow): boolean {
    const key = fields[0]?.key
    if (key === "end") {
      assertKeys(this.#place, fields, ["end"])
      this.#trailer = this.#number(fields, "end", line)
      return true
    }
    if (this.#count > 0 || this.#announced || (key !== "version" && key !== "bindings")) return false
    assertKeys(this.#place, fields, ["version", "bindings"])
    const version = fields.find((field) => field.key === "version")?.value
    if (version !== 1) throw rowProblem(this.#place, line, `the version is ${shown(version)}`, "write version: 1")
    this.#announced = this.#number(fields, "bindings", line)
    return true
  }

  #number(fields: readonly RowField[], key: string, line: number): RowField {
    const field = fields.find((one) => one.key === key)
    if (field && Number.isSafeInteger(field.value)) return field
    throw rowProblem(this.#place, line, `'${key}' is ${shown(field?.value)}`, "write the number of lines with bindings")
  }
}
