import { readFileSync } from "node:fs"
import { join } from "node:path"
import opa from "@open-policy-agent/opa-wasm"
import { root } from "../clone.js"
import type { Question } from "../world.js"
import type { Rival } from "./rival.js"

/**
 * The opa-wasm package's own `evaluate`, with our module, our data and our inputs, made beforehand.
 *
 * @param inputs by question
 */
export async function opaWasm(authzData: unknown, inputs: ReadonlyMap<Question, object>): Promise<Rival> {
  const module = await WebAssembly.compile(readFileSync(join(root, "policies/build/hardened.wasm")))
  const policy = opa.loadPolicySync(module, { initial: pages, maximum: pages }, {})
  policy.setData(bytesOf({ authz_data: authzData }))
  const entrypoint = policy.entrypoints["authz/allow"] ?? 0
  return {
    name: "npm opa-wasm `evaluate`, same module, same input",
    decides: (question) => isAllowed(policy.evaluate(bytesOf(inputs.get(question)), entrypoint)),
  }
}

const pages = 256

/** As the package does it for values. */
function bytesOf(value: unknown): ArrayBuffer {
  return encoder.encode(JSON.stringify(value)).buffer
}

const encoder = new TextEncoder()

function isAllowed(resultSet: unknown): boolean {
  const first: unknown = Array.isArray(resultSet) ? resultSet[0] : undefined
  if (typeof first !== "object" || first === null || !("result" in first)) return false
  const { result } = first
  return typeof result === "object" && result !== null && "allowed" in result && result.allowed === true
}
