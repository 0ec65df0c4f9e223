import { isAlias, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from "yaml"
import { nearest } from "../model/nearest.js"
import { absentSetting } from "./absent-setting.js"
import type { ConfigIssue, Given, Layer, Origin } from "./given.js"
import { isGroup, settings } from "./setting.js"

/**
 * What a YAML configuration file sets. Every unknown, misplaced or repeated key is an issue that names its line.
 *
 * @param file the file's name, for issues and origins
 */
export function fileLayer(text: string, file: string): Layer {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" })
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    const issues = broken.map((problem) => `${file}:${lines.linePos(problem.pos[0]).line}: not YAML: ${problem.message}; correct it`)
    return { given: new Map(), issues, warnings: [] }
  }
  const reader = new FileReader(document, lines, file)
  reader.group(document.contents, "", 1)
  return { given: reader.given, issues: reader.issues, warnings: [] }
}

class FileReader {
  readonly given = new Map<string, Given>()
  readonly issues: ConfigIssue[] = []
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #file: string

  constructor(document: Document, lines: LineCounter, file: string) {
    this.#document = document
    this.#lines = lines
    this.#file = file
  }

  /** Reads a map of keys; nothing at all is an empty one. */
  group(node: Node | null | undefined, prefix: string, line: number): void {
    const map = isAlias(node) ? node.resolve(this.#document) : node
    if (!map || (isScalar(map) && map.value === null)) return
    if (isMap<Node, Node | null>(map)) return this.#entries(map, prefix)
    const place = prefix === "" ? "the file" : prefix
    this.issues.push(`${this.#file}:${line}: ${place} must hold keys, such as ${exampleIn(prefix)}`)
  }

  #entries(map: YAMLMap<Node, Node | null>, prefix: string): void {
    for (const { key: keyNode, value } of map.items) {
      const line = this.#lines.linePos(keyNode.range?.[0] ?? 0).line
      const name = isScalar(keyNode) ? String(keyNode.value) : ""
      const key = prefix === "" ? name : `${prefix}.${name}`
      if (settings.has(key)) this.#leaf(key, value, line)
      else if (isGroup(key)) this.group(value, key, line)
      else this.issues.push(`${this.#file}:${line}: unknown key '${key}'${suggestion(key, name)}`)
    }
  }

  #leaf(key: string, node: Node | null, line: number): void {
    const value: unknown = node ? node.toJS(this.#document) : null
    if (value === null) return
    const originAt = (at: number): Origin => ({ kind: "file", file: this.#file, line: at })
    this.given.set(key, { value, origin: originAt(line), originOf: (path) => originAt(this.#lineOf(node, path) ?? line) })
  }

  /** The line of the part that a path leads to, or of the innermost part that is there. */
  #lineOf(node: Node | null, path: readonly PropertyKey[]): number | undefined {
    const collection = isAlias(node) ? node.resolve(this.#document) : node
    if (!isCollection(collection) || path.length === 0) return undefined
    const part = collection.getIn(path, true)
    return isNode(part) && part.range ? this.#lines.linePos(part.range[0]).line : this.#lineOf(node, path.slice(0, -1))
  }
}

function exampleIn(prefix: string): string {
  const first = [...settings.keys()].find((key) => key.startsWith(prefix === "" ? "" : `${prefix}.`)) ?? "profile"
  return `'${first.slice(prefix === "" ? 0 : prefix.length + 1)}: …'`
}

function suggestion(key: string, name: string): string {
  const why = absentSetting(key)
  if (why !== undefined) return `: ${why}`
  const groups = [...settings.keys()].flatMap((known) => known.split(".").map((_, index, parts) => parts.slice(0, index + 1).join(".")))
  const elsewhere = key === name ? [...settings.keys()].find((known) => known.endsWith(`.${name}`)) : undefined
  const near = nearest(key, new Set(groups)) ?? elsewhere
  return near ? `; did you mean '${near}'?` : "; 'portcullis config reference' lists the keys"
}
