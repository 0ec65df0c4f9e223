import type { FindingList, FindingRule } from "./finding.js"

/** A document as text, with the name that findings carry. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

/** What the host may pass as one document: a text with a name, or the document itself. */
export type AuthorizationDocument = NamedText | Readonly<Record<string, unknown>>

/** A value in a document and the line where it begins. Maps are lists of entries: order, duplicates and `__proto__` do no harm. */
export type DocumentNode =
  | { readonly kind: "map"; readonly line: number; readonly entries: readonly DocumentEntry[] }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly DocumentNode[] }
  | { readonly kind: "scalar"; readonly line: number; readonly value: string | number | boolean | null }

/** One key of a map with its value; `line` is the key's. */
export interface DocumentEntry {
  readonly key: string
  readonly line: number
  readonly value: DocumentNode
}

/** A text and the line where it stands. */
export interface LinedText {
  readonly text: string
  readonly line: number
}

/** One document while it is being read: answers values of the wanted type, and reports the others. */
export class DocumentReader {
  readonly file: string
  readonly #findings: FindingList

  constructor(file: string, findings: FindingList) {
    this.file = file
    this.#findings = findings
  }

  /** Reports at a line of this document. */
  add(rule: FindingRule, line: number, message: string, remedy: string): void {
    this.#findings.add(rule, { file: this.file, line }, message, remedy)
  }

  /** Warns at a line of this document. */
  warn(rule: FindingRule, line: number, message: string, remedy: string): void {
    this.#findings.warn(rule, { file: this.file, line }, message, remedy)
  }

  /** The entries of a map; none for nothing at all. @param what the value's place, for the message: `roles.Viewer` */
  entries(node: DocumentNode | undefined, what: string): readonly DocumentEntry[] {
    if (!node || isNull(node)) return []
    if (node.kind === "map") return node.entries
    this.#wrongType(node, what, "a map")
    return []
  }

  /** The texts of a list; none when it is absent. */
  texts(node: DocumentNode | undefined, what: string): readonly LinedText[] {
    if (!node) return []
    if (node.kind === "list") return node.items.flatMap((item, index) => this.#text(item, `${what}[${index}]`))
    this.#wrongType(node, what, "a list, such as [a, b] or []")
    return []
  }

  /** A text, or `undefined` when it is absent. */
  text(node: DocumentNode | undefined, what: string): string | undefined {
    return node && this.#text(node, what)[0]?.text
  }

  /** True or false. Anything else is reported and answers the given value, which must be the safe one. */
  boolean(node: DocumentNode | undefined, what: string, absent: boolean): boolean {
    if (!node) return absent
    if (node.kind === "scalar" && typeof node.value === "boolean") return node.value
    this.#wrongType(node, what, "true or false")
    return absent
  }

  #text(node: DocumentNode, what: string): readonly LinedText[] {
    if (node.kind === "scalar" && typeof node.value === "string") return [{ text: node.value, line: node.line }]
    this.#wrongType(node, what, "a text")
    return []
  }

  #wrongType(node: DocumentNode, what: string, wanted: string): void {
    this.add("wrong-type", node.line, `${what} is ${describe(node)}`, `write ${wanted}`)
  }
}

/** The value of a key, or `undefined`. */
export function valueOf(entries: readonly DocumentEntry[], key: string): DocumentNode | undefined {
  return entries.find((entry) => entry.key === key)?.value
}

function isNull(node: DocumentNode): boolean {
  return node.kind === "scalar" && node.value === null
}

function describe(node: DocumentNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`
  if (node.value === null) return "empty"
  return typeof node.value === "string" ? `the text '${node.value.slice(0, 64)}'` : `the ${typeof node.value} ${String(node.value)}`
}
