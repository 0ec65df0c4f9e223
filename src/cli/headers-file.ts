import { readFile } from "node:fs/promises"

/** Reads `Name: value` lines before each request, so that a secret can be changed without a restart. */
export function headersFrom(file: string): () => Promise<Readonly<Record<string, string>>> {
  return async () => {
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "")
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()]))
  }
}
