import { PdpError } from "../errors.js"

/**
 * JSON text in the one form that OPA hashes for signatures: keys in the order of their code points, no white space, numbers as they are written,
 * texts escaped as Go does it without HTML escaping. The last of several equal keys wins.
 *
 * @param name of the file, for messages
 * @param mostDepth arrays and objects inside each other
 * @throws {PdpError} `ERR_BUNDLE_INVALID` when it is no JSON, or too deep
 */
export function canonicalJson(text: string, name: string, mostDepth: number): string {
  const reader = new Reader(text, name, mostDepth)
  const canonical = reader.value(0)
  reader.end()
  return canonical
}

/** The canonical form of a value. Members that are `undefined` are left out. */
export function canonicalValue(value: unknown): string {
  if (typeof value === "string") return canonicalText(value)
  if (Array.isArray(value)) return `[${value.map(canonicalValue).join(",")}]`
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "null")
  return canonicalMembers(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, canonicalValue(member)] as const])))
}

/** An object of members whose values are canonical already. May change the order of what it is given. */
export function canonicalMembers(members: (readonly [key: string, value: string])[]): string {
  return `{${members
    .sort(([left], [right]) => byCodePoints(left, right))
    .map(([key, value]) => `${canonicalText(key)}:${value}`)
    .join(",")}}`
}

/** A JSON string as Go writes it. */
export function canonicalText(text: string): string {
  const quoted = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed())
  return lineSeparators.test(quoted) ? quoted.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029") : quoted
}

/** The order of code points, which is that of the bytes in UTF-8; JavaScript's own is that of UTF-16. */
export function byCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const one = left.charCodeAt(at)
    const other = right.charCodeAt(at)
    if (one !== other) return rank(one) - rank(other)
  }
  return left.length - right.length
}

/** Where a JSON string ends, behind its closing quote; 0 when it does not. @param at behind the opening quote */
export function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (end - escapes > at && text[end - escapes - 1] === "\\") escapes++
    if (escapes % 2 === 0) return end + 1
  }
  return 0
}

const lineSeparators = /[\u2028\u2029]/

/** Halves of surrogate pairs stand for code points behind all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

class Reader {
  readonly #text: string
  readonly #name: string
  readonly #mostDepth: number
  #at = 0

  constructor(text: string, name: string, mostDepth: number) {
    this.#text = text
    this.#name = name
    this.#mostDepth = mostDepth
  }

  value(depth: number): string {
    if (depth > this.#mostDepth) throw this.#invalid(`is nested deeper than ${this.#mostDepth}`)
    this.#space()
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth + 1)
      case "[":
        return this.#array(depth + 1)
      case '"':
        return canonicalText(this.#string())
      default:
        return this.#token(plain)
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected()
  }

  #object(depth: number): string {
    const members = new Map<string, string>()
    this.#at++
    if (this.#ends("}")) return "{}"
    do {
      this.#space()
      const key = this.#string()
      this.#space()
      this.#expect(":")
      members.set(key.toWellFormed(), this.value(depth))
    } while (this.#goesOn("}"))
    return canonicalMembers([...members])
  }

  #array(depth: number): string {
    const items: string[] = []
    this.#at++
    if (this.#ends("]")) return "[]"
    do items.push(this.value(depth))
    while (this.#goesOn("]"))
    return `[${items.join(",")}]`
  }

  #ends(close: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== close) return false
    this.#at++
    return true
  }

  #goesOn(close: string): boolean {
    if (this.#ends(close)) return false
    this.#expect(",")
    return true
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#unexpected()
    this.#at++
  }

  #string(): string {
    const end = this.#text[this.#at] === '"' ? stringEnd(this.#text, this.#at + 1) : 0
    if (end === 0) throw this.#unexpected()
    const text = this.#parsed(this.#text.slice(this.#at, end))
    this.#at = end
    return text
  }

  #parsed(token: string): string {
    try {
      return String(JSON.parse(token))
    } catch {
      throw this.#unexpected()
    }
  }

  #token(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [token] = pattern.exec(this.#text) ?? []
    if (token === undefined) throw this.#unexpected()
    this.#at += token.length
    return token
  }

  #space(): void {
    for (; ; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return
    }
  }

  #unexpected(): PdpError {
    const found = this.#at < this.#text.length ? `'${this.#text.slice(this.#at, this.#at + 12)}'` : "its end"
    return this.#invalid(`is not JSON: at character ${this.#at} there is ${found}`)
  }

  #invalid(problem: string): PdpError {
    return new PdpError("ERR_BUNDLE_INVALID", `${this.#name} ${problem}`, { reason: "json_invalid" })
  }
}

const plain = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
