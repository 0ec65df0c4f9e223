import { createHash } from "node:crypto"
import { messageOf, PdpError } from "../errors.js"
import { jsonInput } from "./json-input.js"
import type { Policy } from "./policy.js"
import { resultReader } from "./result-reader.js"
import { forkInstance, newInstance, pageBytes, type Builtin, type MemoryImage, type ModuleImage, type WasmInstance, type WasmModule } from "./wasm-instance.js"

// Node has it; its types do not.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> }

/** Options of {@link loadWasmPolicy}. */
export interface WasmPolicyOptions {
  /** A module that `opa build -t wasm` wrote (`policy.wasm` of its bundle). */
  readonly wasm: Uint8Array
  /** The `data` document. */
  readonly data: unknown
  /** Builtins beside those of the opa-wasm package, by OPA name; synchronous. */
  readonly builtins?: Readonly<Record<string, Builtin>>
  /** Entrypoints that the module must have. */
  readonly entrypoints?: readonly string[]
  /** Ceiling of the module's memory, in MiB. Default 256, at most 2,048. */
  readonly memoryLimitMb?: number
}

/** A {@link Policy} in WASM. Small results are shared and frozen. */
export interface WasmPolicy extends Policy {
  /** 16 hex digits of the module's SHA-256. */
  readonly digest: string
  memoryBytes(): number
  /** Instances that were discarded, after an error or because they had grown. */
  restarts(): number
}

const defaultMemoryLimitMb = 256
const packageBuiltins = ["json.is_valid", "regex.split", "sprintf", "yaml.is_valid", "yaml.marshal", "yaml.unmarshal"]
/** Memory that the values of a document take, per byte of its JSON: measured 9 to 15 times. */
const memoryPerJsonByte = 20
const spareBytes = 2 ** 20
/** An instance that one big input has blown up beyond this is replaced. */
const highWaterBytes = 16 * 2 ** 20

/**
 * Loads a policy compiled to WASM.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID`: not a module of OPA's, an entrypoint missing, a builtin that nobody implements, data that does not fit
 * @see https://www.openpolicyagent.org/docs/wasm
 */
export async function loadWasmPolicy(options: WasmPolicyOptions): Promise<WasmPolicy> {
  const { wasm, data, builtins = {}, entrypoints: wanted = [], memoryLimitMb = defaultMemoryLimitMb } = options
  const image = { module: await compile(wasm), builtins, maximumPages: (memoryLimitMb * 2 ** 20) / pageBytes }
  const first = loaded(image, data, memoryLimitMb)
  requireEntrypoints(first, wanted)
  requireBuiltins(first, builtins)
  const memory = first.image()
  const digest = createHash("sha256").update(wasm).digest("hex").slice(0, 16)
  return new Instances(image, memory, first, digest, memoryLimitMb)
}

class Instances implements WasmPolicy {
  readonly digest: string
  readonly entrypoints: readonly string[]
  readonly #image: ModuleImage
  readonly #memory: MemoryImage
  readonly #memoryLimitMb: number
  readonly #numbers: ReadonlyMap<string, number>
  readonly #read = resultReader()
  readonly #highWater: number
  #instance: WasmInstance | undefined
  #restarts = 0

  constructor(image: ModuleImage, memory: MemoryImage, first: WasmInstance, digest: string, memoryLimitMb: number) {
    this.#image = image
    this.#memory = memory
    this.#instance = first
    this.#numbers = first.entrypoints
    this.#memoryLimitMb = memoryLimitMb
    this.#highWater = first.memoryBytes() + highWaterBytes
    this.digest = digest
    this.entrypoints = [...first.entrypoints.keys()].sort()
  }

  evaluate(entrypoint: string, input: unknown): unknown {
    return this.#evaluate(entrypoint, jsonInput(input))
  }

  evaluateText(entrypoint: string, inputJson: string): unknown {
    return this.#evaluate(entrypoint, inputJson)
  }

  memoryBytes(): number {
    return this.#instance?.memoryBytes() ?? 0
  }

  restarts(): number {
    return this.#restarts
  }

  #evaluate(entrypoint: string, inputJson: string | undefined): unknown {
    const number = this.#numbers.get(entrypoint)
    if (number === undefined)
      throw new PdpError("ERR_ENTRYPOINT_UNKNOWN", `the policy has no entrypoint '${entrypoint}'; it has ${this.entrypoints.join(", ")}`)
    try {
      this.#instance ??= forkInstance(this.#image, this.#memory)
      const result = this.#read(this.#instance.evaluate(number, inputJson))
      if (this.#instance.memoryBytes() > this.#highWater) this.#discard()
      return result
    } catch (cause) {
      this.#discard()
      throw this.#evaluationError(entrypoint, cause)
    }
  }

  #discard(): void {
    this.#instance = undefined
    this.#restarts += 1
  }

  #evaluationError(entrypoint: string, cause: unknown): PdpError {
    const text = messageOf(cause)
    const remedy = /grow|memory|malloc|out of bounds/i.test(text)
      ? `; the input may need more than the limit of ${this.#memoryLimitMb} MiB of memory: send less, or raise memoryLimitMb`
      : ""
    return new PdpError("ERR_EVALUATION", `evaluating ${entrypoint} failed: ${text}${remedy}`, { cause })
  }
}

async function compile(wasm: Uint8Array): Promise<WasmModule> {
  try {
    return await WebAssembly.compile(new Uint8Array(wasm))
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `the policy is no WebAssembly module (${messageOf(cause)}); build it with \`opa build -t wasm\``, { cause })
  }
}

function loaded(image: ModuleImage, data: unknown, memoryLimitMb: number): WasmInstance {
  const json = jsonInput(data)
  if (json === undefined) throw new PdpError("ERR_POLICY_INVALID", "the data of the policy is undefined; pass an object, {} for none")
  const pages = Math.min(image.maximumPages, Math.ceil((json.length * memoryPerJsonByte + spareBytes) / pageBytes))
  try {
    const instance = newInstance(image, pages)
    instance.loadData(json)
    return instance
  } catch (cause) {
    const message = `the policy with its data of ${json.length} bytes cannot be loaded within ${memoryLimitMb} MiB: ${messageOf(cause)}`
    throw new PdpError("ERR_POLICY_INVALID", `${message}; check that it is OPA's, or raise memoryLimitMb`, { cause })
  }
}

function requireEntrypoints(instance: WasmInstance, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !instance.entrypoints.has(name))
  if (missing.length > 0)
    throw new PdpError("ERR_POLICY_INVALID", `the policy lacks ${missing.join(", ")}; build it with ${missing.map((name) => `-e ${name}`).join(" ")}`)
}

function requireBuiltins(instance: WasmInstance, builtins: Readonly<Record<string, Builtin>>): void {
  const missing = instance.builtinNames.filter((name) => !packageBuiltins.includes(name) && !Object.hasOwn(builtins, name))
  if (missing.length > 0)
    throw new PdpError("ERR_POLICY_INVALID", `the policy calls ${missing.join(", ")}, which nobody implements here; pass them as \`builtins\`, or do without`)
}
