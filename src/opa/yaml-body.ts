import { isAlias, isScalar, parseDocument, visit, type Document, type Tags } from "yaml"

/** Characters of YAML that one body may have: reading it takes a hundred times as long as JSON. */
const maxLength = 32_768
const maxAliasCount = 100
/** As Go's library has it: what looks like a date or a time stays text. */
const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || (!("format" in tag && tag.format === "TIME") && !/timestamp|binary/.test(tag.tag)))

/** Whether a `Content-Type` says that the body is YAML. */
export function isYamlType(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.toLowerCase().includes("yaml")
}

/** A YAML body as JSON text. @returns a message when it is none, holds a key twice, is too long, or its aliases stand for too much */
export function yamlBody(text: string): { readonly json: string } | { readonly problem: string } {
  if (text.length > maxLength) return { problem: `body contains malformed input document: YAML of more than ${maxLength} characters; send JSON` }
  try {
    const document = parseDocument(text, { ...yamlOptions, customTags: withoutTimes })
    const [error] = document.errors
    if (error) return problemOf(error)
    if (hasKeyTwice(document)) return problemOf(new Error("Map keys must be unique"))
    return { json: JSON.stringify(document.toJS({ maxAliasCount })) ?? "null" }
  } catch (thrown) {
    if (thrown instanceof Error) return problemOf(thrown)
    throw thrown
  }
}

/** The library's own check of keys compares each with each. */
const yamlOptions = { version: "1.1", merge: true, uniqueKeys: false, prettyErrors: false, logLevel: "error" } as const

/** By the names that they have in JSON. Merge keys may be there more than once. */
function hasKeyTwice(document: Document): boolean {
  let isTwice = false
  visit(document, {
    Map(_, { items }) {
      const names = new Set<string>()
      for (const { key } of items) {
        const node = isAlias(key) ? key.resolve(document) : key
        if (!isScalar(node) || isMergeKey(node.value)) continue
        const name = String(node.value)
        if (names.has(name)) isTwice = true
        names.add(name)
      }
      return isTwice ? visit.BREAK : undefined
    },
  })
  return isTwice
}

function isMergeKey(value: unknown): boolean {
  return value === "<<" || typeof value === "symbol"
}

function problemOf({ message }: Error): { readonly problem: string } {
  return { problem: `body contains malformed input document: ${message.split("\n", 1)[0] ?? ""}` }
}
