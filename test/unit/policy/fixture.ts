import { readFileSync } from "node:fs"
import { PdpError, type PdpErrorCode } from "../../../src/errors.js"
import { loadWasmPolicy, type WasmPolicy, type WasmPolicyOptions } from "../../../src/policy/index.js"

/** A module of `test/fixtures/policy`. */
export function moduleOf(name: "cases" | "host-builtins" | "opa-builtins" | "package-builtins" | "print" | "refused"): Uint8Array {
  return readFileSync(new URL(`../../fixtures/policy/${name}.wasm`, import.meta.url))
}

/** The policy of `cases.rego`. */
export function cases(options: Omit<WasmPolicyOptions, "wasm"> = {}): Promise<WasmPolicy> {
  return loadWasmPolicy({ wasm: moduleOf("cases"), ...options })
}

/** What a call or a promise fails with. */
export async function errorOf(act: () => unknown): Promise<PdpError> {
  try {
    await act()
  } catch (error) {
    if (error instanceof PdpError) return error
    throw error
  }
  throw new Error("nothing was thrown")
}

/** The code of {@link errorOf}. */
export async function codeOf(act: () => unknown): Promise<PdpErrorCode> {
  return (await errorOf(act)).code
}
