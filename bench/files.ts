import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { RoleBinding } from "../src/index.js"

/** Runs with a folder of its own, which is removed afterwards. */
export async function inTemporaryFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-"))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes bindings as NDJSON, one a line. */
export function writeBindings(path: string, bindings: readonly RoleBinding[]): void {
  const file = openSync(path, "w")
  for (let at = 0; at < bindings.length; at += linesAtOnce) {
    const lines = bindings.slice(at, at + linesAtOnce).map((binding) => `${JSON.stringify(binding)}\n`)
    writeSync(file, lines.join(""))
  }
  closeSync(file)
}

const linesAtOnce = 10_000
