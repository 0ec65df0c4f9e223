import type { DocumentNode, DocumentReader } from "./document.js"
import { documentLimits, type ParsedText } from "./parsed-text.js"
import { readJson } from "./read-json.js"
import { readYaml } from "./read-yaml.js"

/**
 * Reads JSON or YAML 1.2 text. What is wrong is reported to the reader: syntax, limits, and keys that stand twice in one map.
 *
 * @returns the tree, or `undefined` when there is none
 */
export function readDocument(text: string, reader: DocumentReader): DocumentNode | undefined {
  const parsed = parse(text.startsWith("\ufeff") ? text.slice(1) : text, reader.file)
  if ("problem" in parsed) {
    const { rule, line, message, remedy } = parsed.problem
    reader.add(rule, line, message, remedy)
    return undefined
  }
  reportDuplicateKeys(parsed.root, reader)
  return parsed.root
}

function parse(text: string, file: string): ParsedText {
  const bytes = Buffer.byteLength(text)
  if (bytes > documentLimits.maxBytes) return tooLarge(bytes, documentLimits.maxBytes, "split it into several files")
  const json = /^\s*[{[]/.test(text) || file.endsWith(".json") ? readJson(text) : undefined
  if (json && ("root" in json || json.problem.rule === "too-large" || file.endsWith(".json"))) return json
  if (bytes > documentLimits.maxYamlBytes)
    return json ?? tooLarge(bytes, documentLimits.maxYamlBytes, "write it as JSON, or split it into several files")
  return readYaml(text)
}

function tooLarge(bytes: number, limit: number, remedy: string): ParsedText {
  return { problem: { rule: "too-large", line: 1, message: `the document has ${bytes} bytes, more than ${limit}`, remedy } }
}

function reportDuplicateKeys(root: DocumentNode, reader: DocumentReader): void {
  const seen = new Set<DocumentNode>()
  const visit = (node: DocumentNode): void => {
    if (node.kind === "scalar" || seen.has(node)) return
    seen.add(node)
    if (node.kind === "list") return node.items.forEach(visit)
    const lines = new Map<string, number>()
    for (const { key, line, value } of node.entries) {
      const first = lines.get(key)
      if (first === undefined) lines.set(key, line)
      else reader.add("duplicate-key", line, `key '${key}' stands here again, first on line ${first}`, "keep one of the two")
      visit(value)
    }
  }
  visit(root)
}
