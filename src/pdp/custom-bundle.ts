import { createHash } from "node:crypto"
import type { JsonObject, UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { wasmPolicyLoader, type Policy, type WasmPolicy } from "../policy/index.js"
import type { BundleDeciding } from "./bundle-options.js"
import { mergedDocuments } from "./merged-documents.js"

/** What a bundle with compiled policies of somebody's own holds. */
export interface CustomContents {
  readonly kind: "custom"
  readonly policy: Policy & Pick<WasmPolicy, "builtinFailures" | "digest">
  /** The data that it decides on. */
  readonly document: unknown
  /** What it was compiled from, as far as the bundle holds it: Rego by file name. */
  readonly rego: ReadonlyMap<string, string>
  /** The same policies on other data. @throws {PdpError} `ERR_POLICY_INVALID` */
  withDocument(document: unknown): CustomContents
}

/**
 * Reads a bundle with WebAssembly: its modules with its data, and the entrypoints that its manifest binds to them; all of them when it binds none.
 *
 * @param data beside that of the bundle
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `not_compiled` when it holds no module, or `data_conflict`; `ERR_POLICY_INVALID`
 */
export async function readCustomBundle(
  { manifest, wasm, rego, data: bundled }: UnpackedBundle,
  { builtins, memoryLimitMb, entrypoints: wanted = [] }: BundleDeciding,
  data: JsonObject | undefined,
): Promise<CustomContents> {
  if (wasm.size === 0) throw notCompiled(rego.size)
  const bound = manifest.wasm.map(({ entrypoint, module }) => ({ entrypoint, file: module.replace(/^\//, "") }))
  const used = [...wasm].filter(([file]) => bound.length === 0 || bound.some((one) => one.file === file))
  const modules = await Promise.all(
    used.map(async ([file, bytes]) => {
      const entrypoints = bound.filter((one) => one.file === file).map(({ entrypoint }) => entrypoint)
      const options = { ...(builtins && { builtins }), ...(memoryLimitMb !== undefined && { memoryLimitMb }) }
      return { entrypoints, load: await wasmPolicyLoader({ wasm: bytes, entrypoints, ...options }) }
    }),
  )
  const contents = loaded(modules, rego, data ? mergedDocuments(bundled, data) : bundled)
  const { entrypoints } = contents.policy
  const missing = wanted.filter((name) => !entrypoints.includes(name))
  if (missing.length === 0) return contents
  throw new PdpError(
    "ERR_POLICY_INVALID",
    `the policy lacks entrypoints ${missing.join(", ")} (it has ${entrypoints.join(", ")}); build it with ${missing.map((name) => `-e ${name}`).join(" ")}`,
  )
}

function notCompiled(rules: number): PdpError {
  const what = rules > 0 ? "only Rego, which is not compiled here" : "no policy"
  return new PdpError("ERR_BUNDLE_INVALID", `the bundle holds ${what}; build it with 'opa build -t wasm -e <entrypoint>'`, { reason: "not_compiled" })
}

interface Module {
  /** Empty: all that it has. */
  readonly entrypoints: readonly string[]
  readonly load: (data: unknown) => WasmPolicy
}

function loaded(modules: readonly Module[], rego: CustomContents["rego"], document: unknown): CustomContents {
  const parts = modules.map(({ entrypoints, load }) => {
    const policy = load(document)
    return { policy, entrypoints: entrypoints.length > 0 ? entrypoints : policy.entrypoints }
  })
  return { kind: "custom", policy: joined(parts), document, rego, withDocument: (next) => loaded(modules, rego, next) }
}

interface Part {
  readonly policy: WasmPolicy
  readonly entrypoints: readonly string[]
}

/** Several modules as one policy. */
function joined(parts: readonly Part[]): CustomContents["policy"] {
  const owners = new Map(parts.flatMap(({ policy, entrypoints }) => entrypoints.map((name) => [name, policy] as const)))
  const entrypoints = Object.freeze([...owners.keys()].sort())
  let last: WasmPolicy | undefined
  const ownerOf = (entrypoint: string): WasmPolicy => {
    last = owners.get(entrypoint)
    if (last) return last
    throw new PdpError("ERR_ENTRYPOINT_UNKNOWN", `the policy has no entrypoint '${entrypoint}'; ask for ${entrypoints.join(", ")}`)
  }
  return {
    entrypoints,
    digest: digestOf(parts.map(({ policy }) => policy)),
    evaluate: (entrypoint, input) => ownerOf(entrypoint).evaluate(entrypoint, input),
    evaluateText: (entrypoint, inputJson) => ownerOf(entrypoint).evaluateText(entrypoint, inputJson),
    builtinFailures: () => last?.builtinFailures() ?? [],
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
