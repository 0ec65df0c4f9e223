import { objectOf, setOf, isArray, isObject, isSet, type Term } from "./term.js"

/** A term as OPA writes it: JSON, but sets as `{1, 2}` and `set()`, and any keys. */
export function termText(term: Term): string {
  if (typeof term === "string") return quoted(term)
  if (isArray(term)) return `[${term.map(termText).join(", ")}]`
  if (isSet(term)) return term.size === 0 ? "set()" : `{${[...term].map(termText).join(", ")}}`
  if (isObject(term)) return `{${[...term].map(([key, member]) => `${termText(key)}: ${termText(member)}`).join(", ")}}`
  return String(term)
}

/** A term as JSON: sets as arrays, keys that are not strings as the text of their JSON. */
export function jsonOf(term: Term): string {
  if (typeof term === "string") return quoted(term)
  if (isArray(term)) return `[${term.map(jsonOf).join(",")}]`
  if (isSet(term)) return `[${[...term].map(jsonOf).join(",")}]`
  if (isObject(term)) return `{${[...term].map(([key, member]) => `${quoted(keyText(key))}:${jsonOf(member)}`).join(",")}}`
  return String(term)
}

/** The same as Go's `json.Marshal` writes it, fit for HTML. */
export function markupSafeJson(term: Term): string {
  return jsonOf(term).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

/** A key as JSON has it. */
export function keyText(key: Term): string {
  return typeof key === "string" ? key : jsonOf(key)
}

/** The number that a text says; integers beyond 2^53 keep all their digits. */
export function numberOf(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text)
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

/**
 * Reads what a module writes with `opa_value_dump`, or JSON.
 *
 * @throws {SyntaxError} for anything else
 */
export function parseTerm(text: string): Term {
  const reader = { text, at: 0 }
  const term = readTerm(reader)
  skipSpace(reader)
  if (reader.at < text.length) throw unexpected(reader)
  return term
}

interface Reader {
  readonly text: string
  at: number
}

const space = /[\s]*/y
const string = /"(?:[^"\\]|\\.)*"/y
const word = /null|true|false|set\(\)|-?[\d.]+(?:[eE][+-]?\d+)?/y

function readTerm(reader: Reader): Term {
  skipSpace(reader)
  const character = reader.text[reader.at]
  if (character === '"') return readString(reader)
  if (character === "[") return readItems(reader, "]")
  if (character === "{") return readBraces(reader)
  const found = matched(reader, word)
  if (found === "null") return null
  if (found === "true" || found === "false") return found === "true"
  return found === "set()" ? new Set<Term>() : numberOf(found)
}

function readString(reader: Reader): string {
  const value: unknown = JSON.parse(matched(reader, string))
  return String(value)
}

function readItems(reader: Reader, end: string): Term[] {
  const items: Term[] = []
  reader.at++
  while (!skipped(reader, end)) {
    items.push(readTerm(reader))
    if (!skipped(reader, ",") && !isNext(reader, end)) throw unexpected(reader)
  }
  return items
}

function readBraces(reader: Reader): Term {
  const start = reader.at
  reader.at++
  if (skipped(reader, "}")) return new Map<Term, Term>()
  const first = readTerm(reader)
  if (!skipped(reader, ":")) {
    reader.at = start
    return setOf(readItems(reader, "}"))
  }
  const members: [Term, Term][] = [[first, readTerm(reader)]]
  while (skipped(reader, ",")) {
    const key = readTerm(reader)
    if (!skipped(reader, ":")) throw unexpected(reader)
    members.push([key, readTerm(reader)])
  }
  if (!skipped(reader, "}")) throw unexpected(reader)
  return objectOf(members)
}

function skipSpace(reader: Reader): void {
  space.lastIndex = reader.at
  space.test(reader.text)
  reader.at = space.lastIndex
}

function isNext(reader: Reader, character: string): boolean {
  skipSpace(reader)
  return reader.text[reader.at] === character
}

function skipped(reader: Reader, character: string): boolean {
  if (!isNext(reader, character)) return false
  reader.at++
  return true
}

function matched(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0]
  if (found === undefined) throw unexpected(reader)
  reader.at += found.length
  return found
}

function unexpected({ text, at }: Reader): SyntaxError {
  return new SyntaxError(at >= text.length ? "the value ends too early" : `'${text.slice(at, at + 20)}' is not expected at ${at}`)
}
