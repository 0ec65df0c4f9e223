import opa, { type LoadedPolicy, type PolicyExports } from "@open-policy-agent/opa-wasm"
import { builtinHost, type BuiltinHost, type Surroundings } from "./builtin-host.js"
import type { Builtin } from "./builtins.js"

export const pageBytes = 65_536
const abi = 1

/** What every instance of a policy is made of. */
export interface Blueprint {
  readonly module: WebAssembly.Module
  /** The host's own, by OPA name. */
  readonly builtins: ReadonlyMap<string, Builtin>
  readonly surroundings: Surroundings
  readonly maximumPages: number
}

/** The memory of an instance right after its data was loaded. */
export interface MemoryImage {
  readonly bytes: Uint8Array
  /** A fork needs as many, because the module keeps the end of its memory in its memory. */
  readonly pages: number
  readonly dataAddress: number
  readonly heapAddress: number
}

/** One instance of a policy. A throw out of it leaks its stack: discard it then. */
export class WasmInstance {
  /** Number by name. */
  readonly entrypoints: ReadonlyMap<string, number>
  readonly #policy: LoadedPolicy
  readonly #host: BuiltinHost
  readonly #exports: PolicyExports
  readonly #dataAddress: number
  readonly #heapAddress: number
  #memory: Buffer

  private constructor({ policy, host }: Instantiated) {
    this.#policy = policy
    this.#host = host
    this.#exports = policy.wasmInstance.exports
    this.#dataAddress = policy.dataAddr
    this.#heapAddress = policy.dataHeapPtr >>> 0
    this.#memory = Buffer.from(policy.mem.buffer)
    this.entrypoints = new Map(Object.entries(policy.entrypoints))
  }

  /** A first instance, with data. */
  static load(blueprint: Blueprint, pages: number, dataJson: string): WasmInstance {
    const instantiated = instantiate(blueprint, pages)
    instantiated.policy.setData(bytesOf(dataJson))
    return new WasmInstance(instantiated)
  }

  /** Another instance with the same data: a fraction of a millisecond, and the time to copy the data. */
  static fork(blueprint: Blueprint, image: MemoryImage): WasmInstance {
    const instantiated = instantiate(blueprint, image.pages)
    const { policy } = instantiated
    new Uint8Array(policy.mem.buffer).set(image.bytes)
    policy.dataAddr = image.dataAddress
    policy.dataHeapPtr = image.heapAddress
    return new WasmInstance(instantiated)
  }

  memoryBytes(): number {
    return this.#memory.length
  }

  /** Memory that the data and what comes before it take. */
  heapAddress(): number {
    return this.#heapAddress
  }

  /** For {@link WasmInstance.fork}, as long as nothing was evaluated. */
  image(): MemoryImage {
    return {
      bytes: new Uint8Array(this.#memory.subarray(0, this.#heapAddress)),
      pages: this.#memory.length / pageBytes,
      dataAddress: this.#dataAddress,
      heapAddress: this.#heapAddress,
    }
  }

  /** Names of the builtins that the module calls and does not hold. */
  builtinNames(): readonly string[] {
    return Object.keys(JSON.parse(this.#textAt(this.#exports.opa_json_dump(this.#exports.builtins()))))
  }

  /**
   * After a throw: whether the module asked for more memory than there may be. Its allocator goes on beyond the end when it gets none.
   */
  isExhausted(): boolean {
    return this.#exports.opa_heap_ptr_get() >>> 0 > this.#policy.mem.buffer.byteLength
  }

  /** Which builtins could not answer in the last evaluation, and why. */
  builtinFailures(): readonly string[] {
    return this.#host.failures()
  }

  /** @returns the result set as JSON text */
  evaluate(entrypoint: number, inputJson: string | undefined): string {
    this.#host.begin()
    if (this.#policy.minorVersion < 2) return this.#evaluateStepwise(entrypoint, inputJson)
    let address = 0
    let bytes = 0
    let heap = this.#heapAddress
    if (inputJson !== undefined) {
      address = inputJson.length * 3 <= this.#memory.length - heap ? heap : this.#reserve(Buffer.byteLength(inputJson))
      bytes = this.#memory.write(inputJson, address)
      heap = address + bytes
    }
    return this.#textAt(this.#exports.opa_eval(0, entrypoint, this.#dataAddress, address, bytes, heap, 0))
  }

  #evaluateStepwise(entrypoint: number, inputJson: string | undefined): string {
    const resultSet = this.#policy.evaluate(inputJson === undefined ? undefined : bytesOf(inputJson), entrypoint)
    this.#refreshMemory()
    return JSON.stringify(resultSet)
  }

  /** Room for a big input, taken by the module itself: it does not see when its host makes its memory grow, and would grow it twice. */
  #reserve(bytes: number): number {
    this.#exports.opa_heap_ptr_set(this.#heapAddress)
    const address = this.#exports.opa_malloc(bytes) >>> 0
    this.#refreshMemory()
    if (address + bytes > this.#memory.length) throw new RangeError(`no room for an input of ${bytes} bytes`)
    return address
  }

  #textAt(address: number): string {
    this.#refreshMemory()
    const start = address >>> 0
    return this.#memory.toString("utf8", start, this.#memory.indexOf(0, start))
  }

  /** Memory that has grown leaves earlier views of it empty. */
  #refreshMemory(): void {
    if (this.#memory.length === 0) this.#memory = Buffer.from(this.#policy.mem.buffer)
  }
}

interface Instantiated {
  readonly policy: LoadedPolicy
  readonly host: BuiltinHost
}

/** With at least `pages`, more when the module's imports demand it. */
function instantiate(blueprint: Blueprint, pages: number): Instantiated {
  const { module, builtins, surroundings, maximumPages } = blueprint
  const memory = new WebAssembly.Memory({ initial: pages, maximum: maximumPages })
  const host = builtinHost(memory, builtins, surroundings)
  try {
    const instance = new WebAssembly.Instance<PolicyExports>(module, host.imports)
    const { opa_wasm_abi_version: major, opa_wasm_abi_minor_version: minor } = instance.exports
    if (major.value !== abi) throw new Error(`unsupported ABI version ${major.value}`)
    host.connect(instance.exports)
    return { policy: new opa.LoadedPolicy(instance, memory, minor.value), host }
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError) || pages === maximumPages) throw cause
    return instantiate(blueprint, Math.min(pages * 2, maximumPages))
  }
}

function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text)).buffer
}
