import { extname } from "node:path"

/** How bindings are written. */
export type BindingsFormat = "yaml" | "json" | "ndjson"

/** The endings that name a format. */
export const formatByEnding: ReadonlyMap<string, BindingsFormat> = new Map<string, BindingsFormat>([
  [".yaml", "yaml"],
  [".yml", "yaml"],
  [".json", "json"],
  [".ndjson", "ndjson"],
  [".jsonl", "ndjson"],
])

const mebibyte = 1024 * 1024

/** How many bytes a document may have. NDJSON is never in memory as a whole; YAML is parsed at one go, at about a third of a second a MiB. */
export const mostBytes: Readonly<Record<BindingsFormat, number>> = { yaml: mebibyte, json: 8 * mebibyte, ndjson: Number.POSITIVE_INFINITY }

/** The ending of a path, in lower case. */
export function endingOf(path: string): string {
  return extname(path).toLowerCase()
}
