import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Node, type Pair } from "yaml"
import type { PdpError } from "../errors.js"
import { rowProblem, type BindingRow, type RowField } from "./binding-row.js"
import { assertDocument } from "./json-rows.js"

/**
 * The rows of one YAML 1.2 document `version: 1`, `bindings: [{…}, …]`. Aliases, tags and merge keys are refused.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export function yamlRows(place: string, text: string): readonly BindingRow[] {
  return new YamlRows(place, text).rows()
}

class YamlRows {
  readonly #place: string
  readonly #text: string
  readonly #lines = new LineCounter()

  constructor(place: string, text: string) {
    this.#place = place
    this.#text = text
  }

  rows(): readonly BindingRow[] {
    const document = parseDocument(this.#text, { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false, logLevel: "silent", merge: false })
    const problem = document.errors[0] ?? document.warnings[0]
    if (problem) throw rowProblem(this.#place, this.#lines.linePos(problem.pos[0]).line, `not YAML: ${problem.message}`, "correct the YAML", problem)
    const { explicit = false, version } = document.directives.yaml
    if (explicit && version !== "1.2") throw rowProblem(this.#place, 1, `the document is in YAML ${version}`, "write YAML 1.2, and no %YAML")
    visit(document, {
      Node: (_, node) => {
        if ("tag" in node && typeof node.tag === "string")
          throw this.#problem(node, 1, `the tag ${node.tag} stands here`, "write the value without it")
      },
    })
    const top = this.#row(document.contents, 1, "the file")
    assertDocument(this.#place, top.fields)
    const bindings = this.#pairs(document.contents)?.find(({ key }) => isScalar(key) && key.value === "bindings")?.value
    if (!isSeq<Node>(bindings)) throw this.#problem(bindings, top.line, "'bindings' is not a list", "write bindings: [] if there are none")
    return bindings.items.map((item) => this.#row(item, top.line, "a binding"))
  }

  #row(node: Node | null, parentLine: number, what: string): BindingRow {
    const pairs = this.#pairs(node)
    if (!pairs) throw this.#problem(node, parentLine, `${what} is not a map of keys and values`, "write key: value, and no alias")
    const line = this.#line(node, parentLine)
    return { line, fields: pairs.map((pair) => this.#field(pair, line)) }
  }

  #pairs(node: Node | null): readonly Pair<Node, Node | null>[] | undefined {
    return isMap<Node, Node | null>(node) ? node.items : undefined
  }

  #field({ key, value }: Pair<Node, Node | null>, parentLine: number): RowField {
    const line = this.#line(key, parentLine)
    if (!isScalar(key) || typeof key.value !== "string") throw this.#problem(key, line, "a key is not a text", "write a plain name")
    return { key: key.value, line, value: this.#value(value, line) }
  }

  /** What is neither a scalar nor a list of scalars is left out: no row has room for it. */
  #value(node: Node | null, parentLine: number): unknown {
    if (isScalar(node)) return node.value
    if (!isSeq<Node>(node)) return undefined
    return node.items.map((item) => {
      if (isScalar(item)) return item.value
      if (isMap(item)) return undefined
      throw this.#problem(item, parentLine, "a list holds an alias or another list", "write it out")
    })
  }

  #problem(node: Node | null | undefined, parentLine: number, what: string, remedy: string): PdpError {
    return rowProblem(this.#place, this.#line(node, parentLine), what, remedy)
  }

  #line(node: Node | null | undefined, parentLine: number): number {
    return node?.range ? this.#lines.linePos(node.range[0]).line : parentLine
  }
}
