import { isScalar, parseAllDocuments, parseDocument, Document, visit, type Pair, type Scalar, type Tags } from "yaml"
import { BuiltinError } from "./opa-builtin.js"
import { compareStrings, termOf, type Term } from "./term.js"
import { jsonOf } from "./term-text.js"

/** YAML 1.1 as Go's library has it: dates and sexagesimal numbers are strings. */
const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || (!("format" in tag && tag.format === "TIME") && !/timestamp|binary/.test(tag.tag)))
const options = { version: "1.1", merge: true, uniqueKeys: false, logLevel: "error", customTags: withoutTimes } as const
const maxAliasCount = 100

/**
 * The value of the first document.
 *
 * @throws {BuiltinError} for what is not YAML, or has no JSON
 */
export function parsedYaml(text: string): Term {
  try {
    const [document] = parseAllDocuments(text, options)
    if (document === undefined || !("errors" in document)) return null
    const [error] = document.errors
    if (error) throw error
    visit(document, { Pair: (_key, pair) => checkKey(isScalar(pair.key) ? pair.key.value : undefined) })
    return termOf(JSON.parse(JSON.stringify(document.toJS({ maxAliasCount }), finite) ?? "null"))
  } catch (cause) {
    throw new BuiltinError("not YAML", { cause })
  }
}

export function isYaml(text: string): boolean {
  try {
    parsedYaml(text)
    return true
  } catch {
    return false
  }
}

function checkKey(key: unknown): undefined {
  if (!["string", "number", "boolean", "bigint", "symbol"].includes(typeof key)) throw new BuiltinError("a key has no JSON")
}

function finite(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new BuiltinError("a number has no JSON")
  return value
}

/** What else would be read as another kind of value is in double quotes. */
export function yamlText(value: Term): string {
  const document = new Document(JSON.parse(jsonOf(value)), { version: "1.1", sortMapEntries: (a, b) => compareStrings(keyOf(a), keyOf(b)) })
  visit(document, { Scalar: (_key, scalar) => quoteAmbiguous(scalar) })
  return document.toString({ singleQuote: true, indentSeq: false, lineWidth: 80 }).replace(/^%YAML.*\n---\n/, "")
}

function keyOf({ key }: Pair<unknown>): string {
  return String(isScalar(key) ? key.value : key)
}

const wordLike = /^$|^[\w.~+-]+(?:[:T ][\d:.]+)*$/

function quoteAmbiguous(scalar: Scalar): undefined {
  if (typeof scalar.value !== "string" || !wordLike.test(scalar.value)) return
  const read = parseDocument(scalar.value, { version: "1.1", logLevel: "silent" })
  if (read.errors.length === 0 && typeof read.toJS() !== "string") scalar.type = "QUOTE_DOUBLE"
}
