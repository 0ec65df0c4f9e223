import { messageOf } from "../errors.js"
import { builtInDocument } from "./built-in.js"
import type { Fragment } from "./definition.js"
import { DocumentReader, valueOf, type AuthorizationDocument, type DocumentNode, type NamedText } from "./document.js"
import { FindingList } from "./finding.js"
import { readOwnFormat } from "./own-format.js"
import { readDocument } from "./read-document.js"
import { isReferenceDocument, readReferenceFormat } from "./reference-format.js"

/** Reads one document, whatever its format. Objects are copied; they are called `document <number>`, counted from 1, and have no lines. */
export function readFragment(document: AuthorizationDocument, index: number, findings: FindingList): Fragment | undefined {
  if (isNamedText(document)) {
    const reader = new DocumentReader(document.name, findings)
    const root = readDocument(document.text, reader)
    return root && fragmentOf(root, reader)
  }
  const reader = new DocumentReader(`document ${index + 1}`, findings)
  const root = readObject(document, reader)
  return root && fragmentOf(root, reader)
}

/** What a document is, by its top-level keys; `undefined` when it is neither JSON nor YAML. */
export function documentKind(document: NamedText): Fragment["format"] | undefined {
  const reader = new DocumentReader(document.name, new FindingList("hardened"))
  const root = readDocument(document.text, reader)
  if (!root) return undefined
  if (isReferenceDocument(root)) return "reference"
  return root.kind === "map" && valueOf(root.entries, "bindings") ? "bindings" : "own"
}

/** The built-in document. */
export function readBuiltIn(findings: FindingList): Fragment | undefined {
  const reader = new DocumentReader("portcullis", findings)
  const root = readObject(builtInDocument, reader)
  return root && readOwnFormat(root, "built-in", reader)
}

function fragmentOf(root: DocumentNode, reader: DocumentReader): Fragment {
  return isReferenceDocument(root) ? readReferenceFormat(root, reader) : readOwnFormat(root, "own", reader)
}

function isNamedText(document: AuthorizationDocument): document is NamedText {
  return typeof document.name === "string" && typeof document.text === "string" && Object.keys(document).length === 2
}

function readObject(document: object, reader: DocumentReader): DocumentNode | undefined {
  try {
    const root = readDocument(JSON.stringify(document), reader)
    return root && withoutLines(root)
  } catch (thrown) {
    reader.add("syntax", 0, `the object is not JSON: ${messageOf(thrown)}`, "pass plain maps, lists, texts, numbers and booleans")
    return undefined
  }
}

function withoutLines(node: DocumentNode): DocumentNode {
  if (node.kind === "list") return { kind: "list", line: 0, items: node.items.map(withoutLines) }
  if (node.kind === "map")
    return { kind: "map", line: 0, entries: node.entries.map(({ key, value }) => ({ key, line: 0, value: withoutLines(value) })) }
  return { ...node, line: 0 }
}
