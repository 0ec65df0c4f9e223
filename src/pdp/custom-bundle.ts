import { createHash } from "node:crypto"
import type { JsonObject, UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { loadWasmPolicy, type Policy, type WasmPolicy } from "../policy/index.js"
import type { BundleDeciding } from "./bundle-options.js"
import { mergedDocuments } from "./merged-documents.js"

/** What a bundle with compiled policies of somebody's own holds. */
export interface CustomContents {
  readonly kind: "custom"
  readonly policy: Policy
  /** Of the modules: 16 hex digits. */
  readonly digest: string
}

/**
 * Reads a bundle with WebAssembly: its modules with its data, and the entrypoints that its manifest binds to them; all of them when it binds none.
 *
 * @param data beside that of the bundle
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `not_compiled` when it holds no module, `data_conflict`; `ERR_POLICY_INVALID`
 */
export async function readCustomBundle(
  { manifest, wasm, rego, data: bundled }: UnpackedBundle,
  { builtins, memoryLimitMb, entrypoints = [] }: BundleDeciding,
  data: JsonObject | undefined,
): Promise<CustomContents> {
  if (wasm.size === 0) throw notCompiled(rego.size)
  const document = data ? mergedDocuments(bundled, data) : bundled
  const bound = manifest.wasm.map(({ entrypoint, module }) => ({ entrypoint, file: module.replace(/^\//, "") }))
  const parts = await Promise.all(
    [...wasm]
      .filter(([file]) => bound.length === 0 || bound.some((one) => one.file === file))
      .map(async ([file, bytes]) => {
        const named = bound.filter((one) => one.file === file).map(({ entrypoint }) => entrypoint)
        const options = { ...(builtins && { builtins }), ...(memoryLimitMb !== undefined && { memoryLimitMb }) }
        const policy = await loadWasmPolicy({ wasm: bytes, data: document, entrypoints: named, ...options })
        return { policy, entrypoints: named.length > 0 ? named : policy.entrypoints }
      }),
  )
  const policy = joined(parts)
  const missing = entrypoints.filter((name) => !policy.entrypoints.includes(name))
  if (missing.length > 0)
    throw new PdpError(
      "ERR_POLICY_INVALID",
      `the policy lacks entrypoints ${missing.join(", ")} (it has ${policy.entrypoints.join(", ")}); build it with ${missing.map((name) => `-e ${name}`).join(" ")}`,
    )
  return { kind: "custom", policy, digest: digestOf(parts.map((part) => part.policy)) }
}

function notCompiled(rules: number): PdpError {
  const what = rules > 0 ? "only Rego, which is not compiled here" : "no policy"
  return new PdpError("ERR_BUNDLE_INVALID", `the bundle holds ${what}; build it with 'opa build -t wasm -e <entrypoint>'`, { reason: "not_compiled" })
}

interface Part {
  readonly policy: WasmPolicy
  readonly entrypoints: readonly string[]
}

/** Several modules as one policy. */
function joined(parts: readonly Part[]): Policy {
  const owners = new Map(parts.flatMap(({ policy, entrypoints }) => entrypoints.map((name) => [name, policy] as const)))
  const entrypoints = Object.freeze([...owners.keys()].sort())
  const ownerOf = (entrypoint: string): WasmPolicy => {
    const owner = owners.get(entrypoint)
    if (owner) return owner
    throw new PdpError("ERR_ENTRYPOINT_UNKNOWN", `the policy has no entrypoint '${entrypoint}'; ask for ${entrypoints.join(", ")}`)
  }
  return {
    entrypoints,
    evaluate: (entrypoint, input) => ownerOf(entrypoint).evaluate(entrypoint, input),
    evaluateText: (entrypoint, inputJson) => ownerOf(entrypoint).evaluateText(entrypoint, inputJson),
  }
}

function digestOf(policies: readonly WasmPolicy[]): string {
  const [first] = policies
  if (first && policies.length === 1) return first.digest
  return createHash("sha256")
    .update(policies.map(({ digest }) => digest).join())
    .digest("hex")
    .slice(0, 16)
}
