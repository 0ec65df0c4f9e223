import type { PdpError } from "../errors.js"
import { rowProblem, type BindingRow, type RowField } from "./binding-row.js"

/** Walks through JSON text and knows the line. Unlike `JSON.parse` it can stop between rows, and sees duplicate keys. */
export class JsonCursor {
  readonly #place: string
  readonly #text: string
  #at = 0
  #line: number

  constructor(place: string, text: string, line: number) {
    this.#place = place
    this.#text = text
    this.#line = line
  }

  row(): BindingRow {
    this.expect("{")
    const line = this.#line
    const fields: RowField[] = []
    if (this.take("}")) return { line, fields }
    do fields.push({ ...this.key(), value: this.value() })
    while (this.take(","))
    this.expect("}")
    return { line, fields }
  }

  /** A key and its colon. */
  key(): { readonly key: string; readonly line: number } {
    this.#space()
    const line = this.#line
    const key = this.#scalar()
    if (typeof key !== "string") throw this.#unexpected("a key in double quotes")
    this.expect(":")
    return { key, line }
  }

  /** A text, a number, `true`, `false`, `null`, or a list of them. */
  value(): unknown {
    if (!this.take("[")) return this.#scalar()
    const items: unknown[] = []
    if (this.take("]")) return items
    do {
      this.#space()
      items.push(this.#scalar())
    } while (this.take(","))
    this.expect("]")
    return items
  }

  /** True if that character came next; it is behind us then. */
  take(character: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  expect(character: string): void {
    if (!this.take(character)) throw this.#unexpected(`'${character}'`)
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected("the end")
  }

  #scalar(): unknown {
    scalar.lastIndex = this.#at
    const token = scalar.exec(this.#text)?.[0]
    if (token === undefined) throw this.#unexpected("a text, or a list of texts,")
    const value = this.#parsed(token)
    this.#at += token.length
    return value
  }

  /** `JSON.parse` also copies: a slice would keep the whole text alive. */
  #parsed(token: string): unknown {
    try {
      return JSON.parse(token)
    } catch (cause) {
      throw this.#unexpected("a text, or a list of texts,", cause)
    }
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x0a) this.#line++
      else if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return
    }
  }

  #unexpected(wanted: string, cause?: unknown): PdpError {
    const rest = this.#text.slice(this.#at)
    const ended = rest === "" || /^"[^"\n]*$/.test(rest)
    const found = rest === "" ? "the text ends" : `'${rest.slice(0, 20).replaceAll(/\s+/g, " ").trimEnd()}' stands`
    const remedy = ended ? "complete it; a file is best replaced by renaming a complete one" : "correct the JSON"
    return rowProblem(this.#place, this.#line, `${wanted} is due where ${found}`, remedy, cause)
  }
}

const scalar = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"|-?[0-9][0-9.eE+-]*|true|false|null/y
