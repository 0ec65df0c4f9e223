import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from "yaml"
import type { DocumentEntry, DocumentNode } from "./document.js"
import { documentLimits, type DocumentProblem, type ParsedText } from "./parsed-text.js"

/** Reads one YAML 1.2 document into a tree with lines. Aliases count as what they stand for; merge keys (`<<`) and tags are not supported. */
export function readYaml(text: string): ParsedText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: "error", merge: false })
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) return { problem: syntax(lines.linePos(problem.pos[0]).line, problem.message) }
  const { explicit = false, version } = document.directives.yaml
  if (explicit && version !== "1.2") return { problem: unread(1, `YAML ${version}`, "write YAML 1.2, and no %YAML") }
  if (!document.contents) return { root: { kind: "scalar", line: 1, value: null } }
  return new YamlTree(lines).read(document.contents)
}

interface Sized {
  readonly node: DocumentNode
  /** How many values it stands for once aliases are expanded. */
  readonly size: number
}

class YamlTree {
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, Sized>()
  #size = 0
  #problem: DocumentProblem | undefined

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  read(contents: Node): ParsedText {
    const root = this.#node(contents, 1, 0)
    return this.#problem ? { problem: this.#problem } : { root }
  }

  #node(node: Node | null, parentLine: number, depth: number): DocumentNode {
    const line = node?.range ? this.#lines.linePos(node.range[0]).line : parentLine
    const nothing: DocumentNode = { kind: "scalar", line, value: null }
    if (this.#problem || !node) return nothing
    if (depth > documentLimits.maxDepth || ++this.#size > documentLimits.maxNodes) {
      this.#problem = {
        rule: "too-large",
        line,
        message: "the document is nested too deeply, or its aliases stand for too much",
        remedy: "write it flatter",
      }
      return nothing
    }
    if (isAlias(node)) return this.#alias(node.source, line) ?? nothing
    if ("tag" in node && typeof node.tag === "string") this.#problem = unread(line, `the tag ${node.tag}`, "write the value without it")
    const before = this.#size
    const read = this.#plain(node, line, depth)
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, { node: read, size: this.#size - before + 1 })
    return read
  }

  #plain(node: Node, line: number, depth: number): DocumentNode {
    if (isMap<Node, Node | null>(node)) return { kind: "map", line, entries: node.items.map((pair) => this.#entry(pair, line, depth)) }
    if (isSeq<Node>(node)) return { kind: "list", line, items: node.items.map((item) => this.#node(item, line, depth + 1)) }
    const value: unknown = isScalar(node) ? node.value : undefined
    if (typeof value === "string" && /\p{Surrogate}/u.test(value)) this.#problem = syntax(line, "half a surrogate pair")
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return { kind: "scalar", line, value }
    return { kind: "scalar", line, value: String(value) }
  }

  #entry(pair: Pair<Node, Node | null>, parentLine: number, depth: number): DocumentEntry {
    const key = this.#node(pair.key, parentLine, depth + 1)
    if (key.kind !== "scalar") this.#problem ??= syntax(key.line, "a key that is a map or a list")
    const name = isScalar(pair.key) && typeof pair.key.source === "string" ? pair.key.source : key.kind === "scalar" ? String(key.value) : ""
    if (name === "<<") this.#problem ??= unread(key.line, "the merge key '<<'", "write out what it stands for")
    return { key: name, line: key.line, value: this.#node(pair.value, key.line, depth + 1) }
  }

  #alias(name: string, line: number): DocumentNode | undefined {
    const anchored = this.#anchors.get(name)
    if (!anchored) this.#problem = syntax(line, `alias '*${name}' stands for no value before it`)
    this.#size += anchored?.size ?? 0
    return anchored?.node
  }
}

function syntax(line: number, message: string): DocumentProblem {
  return { rule: "syntax", line, message: `not YAML: ${message}`, remedy: "correct the YAML" }
}

/** YAML, but none that is read here. */
function unread(line: number, what: string, remedy: string): DocumentProblem {
  return { rule: "syntax", line, message: `${what} is not read`, remedy }
}
