import type { DocumentNode } from "./document.js"

/** Limits of one document. */
export const documentLimits = {
  /** UTF-8 bytes of a document. */
  maxBytes: 16 * 1024 * 1024,
  /** UTF-8 bytes of a document that is not JSON: reading YAML takes two hundred times its size in memory. */
  maxYamlBytes: 4 * 1024 * 1024,
  /** Maps and lists within each other. */
  maxDepth: 64,
  /** Values after aliases are expanded. */
  maxNodes: 2_000_000,
} as const

/** What a text turned out to be: a tree with lines, or why it is none. */
export type ParsedText = { readonly root: DocumentNode } | { readonly problem: DocumentProblem }

/** Why a text could not be read. */
export interface DocumentProblem {
  readonly rule: "syntax" | "too-large"
  readonly line: number
  readonly message: string
  readonly remedy: string
}
