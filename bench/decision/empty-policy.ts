import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../clone.js"

/** The entrypoint of {@link readEmptyPolicy}. */
export const emptyEntrypoint = "empty/allow"

/** A module without rules: bench/fixtures/empty.rego, compiled by `opa build -t wasm -e empty/allow`. */
export function readEmptyPolicy(): Uint8Array {
  return readFileSync(join(root, "bench/fixtures/empty.wasm"))
}
