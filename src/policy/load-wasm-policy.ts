import { createHash } from "node:crypto"
import { messageOf, PdpError } from "../errors.js"
import type { Surroundings } from "./builtin-host.js"
import { hostBuiltins, requireBuiltins, type Builtin } from "./builtins.js"
import { jsonText } from "./json-input.js"
import type { WasmPolicy } from "./policy.js"
import { printBuiltin } from "./print.js"
import { pageBytes, WasmInstance, type Blueprint } from "./wasm-instance.js"
import { wasmPolicy } from "./wasm-policy.js"

/** Options of {@link loadWasmPolicy}. */
export interface WasmPolicyOptions {
  /** What `opa build -t wasm` writes as `policy.wasm`; ABI 1.2 or newer is fast, 1.1 works. */
  readonly wasm: Uint8Array
  /** The `data` document: any JSON value. Default `{}`. */
  readonly data?: unknown
  /** Builtins beside, or instead of, those that this package has, by OPA name. What is compiled into the module stays. */
  readonly builtins?: Readonly<Record<string, Builtin>>
  /** Entrypoints that the module must have. Default: none in particular. */
  readonly entrypoints?: readonly string[]
  /** Ceiling of the policy's memory, in MiB: above 0, at most 2,048. Default 256. */
  readonly memoryLimitMb?: number
  /**
   * Gets what a module built with `--wasm-include-print` prints. Default: nothing is printed.
   */
  readonly print?: (line: string) => void
  /** What policies see of the world: clock (`now`, in milliseconds) and chance (`random`, from 0 to below 1). Default: the system's. */
  readonly hooks?: Pick<Surroundings, "now" | "random">
}

const mebibyte = 2 ** 20
const maxMemoryLimitMb = 2_048
const defaultMemoryLimitMb = 256
/** Values of a document usually take 9 to 15 times its text. The module can grow by itself, but page by page. */
const memoryPerDataByte = 20
const spareBytes = mebibyte
const neededExports = ["memory", "builtins", "entrypoints", "opa_malloc", "opa_json_parse", "opa_json_dump", "opa_heap_ptr_get", "opa_heap_ptr_set"]
const versionExports = ["opa_wasm_abi_version", "opa_wasm_abi_minor_version"]

/**
 * Loads a policy compiled to WASM, with its data. Keeps the memory that the data takes twice: in use, and as it was.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID` for what OPA did not compile, another ABI, a missing entrypoint, builtins that nobody implements, data
 *   that is not JSON or does not fit; `ERR_CONFIG_INVALID` for options that cannot be
 * @see https://www.openpolicyagent.org/docs/wasm
 */
export async function loadWasmPolicy({ data, ...options }: WasmPolicyOptions): Promise<WasmPolicy> {
  const load = await wasmPolicyLoader(options)
  return load(data)
}

/**
 * The same in two steps, for a policy whose data changes: compiles once.
 *
 * @returns a function that loads the policy with data of its own; throws `ERR_POLICY_INVALID`
 */
export async function wasmPolicyLoader(options: Omit<WasmPolicyOptions, "data">): Promise<(data: unknown) => WasmPolicy> {
  if (typeof WebAssembly === "undefined")
    throw new PdpError("ERR_CONFIG_INVALID", "this Node runs without WebAssembly, which policies are compiled to; leave out --jitless")
  const { memoryLimitMb = defaultMemoryLimitMb } = options
  const maximumPages = Math.floor((memoryLimitMb * mebibyte) / pageBytes)
  if (!(maximumPages > 0 && memoryLimitMb <= maxMemoryLimitMb))
    throw new PdpError("ERR_CONFIG_INVALID", `memoryLimitMb is ${memoryLimitMb}; give MiB above 0, at most ${maxMemoryLimitMb}`)
  const builtins = new Map([["internal.print", printBuiltin(options.print ?? (() => undefined))], ...hostBuiltins(options.builtins ?? {})])
  const { digest, module } = await compiled(options.wasm)
  const blueprint = { module, builtins, surroundings: { ...options.hooks, print: options.print }, maximumPages }
  return (data) => {
    const instance = instantiated(blueprint, dataText(data ?? {}), memoryLimitMb)
    requireEntrypoints(instance, options.entrypoints ?? [])
    requireBuiltins(instance.builtinNames(), builtins)
    return wasmPolicy({ digest, blueprint, instance, memoryLimitMb })
  }
}

function dataText(data: unknown): string {
  try {
    return jsonText(data) ?? "{}"
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `the data of the policy ${messageOf(cause)}`, { cause })
  }
}

async function compiled(wasm: Uint8Array): Promise<{ readonly digest: string; readonly module: WebAssembly.Module }> {
  try {
    const digest = createHash("sha256").update(wasm).digest("hex").slice(0, 16)
    const module = await WebAssembly.compile(wasm)
    requireExports(module)
    return { digest, module }
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `the policy is not a module of OPA's: ${messageOf(cause)}; build it with 'opa build -t wasm'`, { cause })
  }
}

/** Before the package looks: it would complain on stderr and go on. */
function requireExports(module: WebAssembly.Module): void {
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name))
  const missing = [...neededExports, ...versionExports].filter((name) => !names.has(name))
  if (missing.length > 0) throw new Error(`it does not export ${missing.join(", ")}`)
}

function instantiated(blueprint: Blueprint, dataJson: string, memoryLimitMb: number): WasmInstance {
  const pages = Math.min(blueprint.maximumPages, Math.ceil((dataJson.length * memoryPerDataByte + spareBytes) / pageBytes))
  try {
    return WasmInstance.load(blueprint, pages, dataJson)
  } catch (cause) {
    const message = `the policy cannot be loaded with ${dataJson.length} characters of data into ${memoryLimitMb} MiB: ${messageOf(cause)}`
    throw new PdpError("ERR_POLICY_INVALID", `${message}; use a module of OPA's, less data, or a higher memoryLimitMb`, { cause })
  }
}

function requireEntrypoints({ entrypoints }: WasmInstance, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !entrypoints.has(name))
  if (missing.length === 0) return
  const message = `the policy lacks entrypoints ${missing.join(", ")} (it has ${[...entrypoints.keys()].sort().join(", ")})`
  throw new PdpError("ERR_POLICY_INVALID", `${message}; build it with ${missing.map((name) => `-e ${name}`).join(" ")}`)
}
