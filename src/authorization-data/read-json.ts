import type { DocumentEntry, DocumentNode } from "./document.js"
import { documentLimits, type DocumentProblem, type ParsedText } from "./parsed-text.js"

/** Reads JSON text into a tree with lines; duplicate keys stay. */
export function readJson(text: string): ParsedText {
  const cursor = new JsonCursor(text)
  try {
    const root = cursor.value(0)
    cursor.end()
    return { root }
  } catch (thrown) {
    if (thrown instanceof NotJson) return { problem: thrown.problem }
    throw thrown
  }
}

/** Leaves the recursion; never leaves this module. */
class NotJson extends Error {
  readonly problem: DocumentProblem

  constructor(rule: DocumentProblem["rule"], line: number, message: string, remedy: string) {
    super(message)
    this.problem = { rule, line, message, remedy }
  }
}

class JsonCursor {
  readonly #text: string
  #at = 0
  #line = 1

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): DocumentNode {
    this.#space()
    const line = this.#line
    if (depth > documentLimits.maxDepth)
      throw new NotJson("too-large", line, `more than ${documentLimits.maxDepth} levels within each other`, "write it flatter")
    if (this.#take("{")) return { kind: "map", line, entries: this.#entries(depth) }
    if (this.#take("[")) return { kind: "list", line, items: this.#list("]", () => this.value(depth + 1)) }
    return { kind: "scalar", line, value: this.#scalar() }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected("the end")
  }

  #entries(depth: number): readonly DocumentEntry[] {
    return this.#list("}", () => {
      this.#space()
      const line = this.#line
      const key = this.#scalar()
      if (typeof key !== "string") throw this.#unexpected("a key in double quotes")
      this.#space()
      if (!this.#take(":")) throw this.#unexpected("':'")
      return { key, line, value: this.value(depth + 1) }
    })
  }

  #list<Item>(close: string, read: () => Item): readonly Item[] {
    const items: Item[] = []
    this.#space()
    if (this.#take(close)) return items
    for (;;) {
      items.push(read())
      this.#space()
      if (this.#take(close)) return items
      if (!this.#take(",")) throw this.#unexpected(`',' or '${close}'`)
    }
  }

  #scalar(): string | number | boolean | null {
    scalarPattern.lastIndex = this.#at
    const token = scalarPattern.exec(this.#text)?.[0]
    if (token === undefined) throw this.#unexpected("a value")
    const value = parseScalar(token)
    if (value === undefined) throw this.#unexpected("a value")
    if (typeof value === "string" && /\p{Surrogate}/u.test(value)) throw this.#unexpected("text without half a surrogate pair")
    this.#at += token.length
    return value
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x0a) this.#line++
      else if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(wanted: string): NotJson {
    const found =
      this.#at < this.#text.length
        ? `'${this.#text
            .slice(this.#at, this.#at + 16)
            .replaceAll(/\s+/g, " ")
            .trimEnd()}'`
        : "the end"
    return new NotJson("syntax", this.#line, `${wanted} is due, but ${found} stands here`, "correct the JSON")
  }
}

const scalarPattern = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"|-?[0-9][0-9.eE+-]*|true|false|null/y

function parseScalar(token: string): string | number | boolean | null | undefined {
  try {
    const value: unknown = JSON.parse(token)
    return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined
  } catch {
    return undefined
  }
}
