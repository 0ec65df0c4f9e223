import { createRequire } from "node:module"

// The package's types lack what its ES module exports, and the other way round.
const opa: OpaWasm = createRequire(import.meta.url)("@open-policy-agent/opa-wasm")

interface OpaWasm {
  loadPolicySync(module: WasmModule, memory: { initial: number; maximum: number }, builtins: Record<string, Builtin>): LoadedModule
}

/** A compiled `WebAssembly.Module`; its type is none of Node's. */
export type WasmModule = object

/** A builtin that the host provides: JSON values in, a JSON value out, `undefined` for undefined. */
export type Builtin = (...args: never[]) => unknown

/** What an instance is made of. */
export interface ModuleImage {
  readonly module: WasmModule
  readonly builtins: Readonly<Record<string, Builtin>>
  readonly maximumPages: number
}

/** The memory of an instance with its data loaded, for making more of its kind. */
export interface MemoryImage {
  readonly bytes: Uint8Array
  readonly pages: number
  readonly dataAddress: number
  readonly heapAddress: number
}

/** One instance of a module. A throw out of it leaks its stack: use it no more. */
export interface WasmInstance {
  /** By name. */
  readonly entrypoints: ReadonlyMap<string, number>
  /** Names of the builtins that the host must provide. */
  readonly builtinNames: readonly string[]
  readonly abiMinorVersion: number
  memoryBytes(): number
  loadData(json: string): void
  image(): MemoryImage
  /** @returns the result set as JSON text, for example `[{"result":true}]`; valid until the next call */
  evaluate(entrypoint: number, inputJson: string | undefined): string
}

export const pageBytes = 65_536

/** Makes an instance with empty data and at least `pages` of memory. */
export function newInstance(image: ModuleImage, pages: number): WasmInstance {
  return toInstance(opa.loadPolicySync(image.module, { initial: pages, maximum: image.maximumPages }, { ...image.builtins }))
}

/** Makes an instance that has the data of another one. */
export function forkInstance(image: ModuleImage, memory: MemoryImage): WasmInstance {
  const loaded = opa.loadPolicySync(image.module, { initial: memory.pages, maximum: image.maximumPages }, { ...image.builtins })
  new Uint8Array(loaded.mem.buffer).set(memory.bytes)
  loaded.dataAddr = memory.dataAddress
  loaded.dataHeapPtr = memory.heapAddress
  return toInstance(loaded)
}

/** What we use of the package's `LoadedPolicy`. */
interface LoadedModule {
  readonly wasmInstance: { readonly exports: ModuleExports }
  readonly mem: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly minorVersion: number
  readonly entrypoints: Readonly<Record<string, number>>
  dataAddr: number
  dataHeapPtr: number
  setData(data: ArrayBuffer): void
  evaluate(input: unknown, entrypoint: number): unknown
}

interface ModuleExports {
  builtins(): number
  opa_json_dump(value: number): number
  opa_eval(reserved: number, entrypoint: number, data: number, input: number, inputBytes: number, heap: number, format: number): number
}

function toInstance(loaded: LoadedModule): WasmInstance {
  const { exports } = loaded.wasmInstance
  let memory = Buffer.from(loaded.mem.buffer)
  const text = (address: number): string => {
    if (memory.length === 0) memory = Buffer.from(loaded.mem.buffer)
    return memory.toString("utf8", address, memory.indexOf(0, address))
  }
  const builtinNames = Object.keys(JSON.parse(text(exports.opa_json_dump(exports.builtins()) >>> 0)))

  const write = (json: string, address: number): number => {
    if (memory.length === 0) memory = Buffer.from(loaded.mem.buffer)
    const missing = address + json.length * 3 - memory.length
    if (missing > 0) {
      loaded.mem.grow(Math.ceil(missing / pageBytes))
      memory = Buffer.from(loaded.mem.buffer)
    }
    return memory.write(json, address)
  }
  return {
    entrypoints: new Map(Object.entries(loaded.entrypoints)),
    builtinNames,
    abiMinorVersion: loaded.minorVersion,
    memoryBytes: () => loaded.mem.buffer.byteLength,
    loadData: (json) => loaded.setData(new Uint8Array(Buffer.from(json)).buffer),
    image: () => ({
      bytes: new Uint8Array(loaded.mem.buffer.slice(0, loaded.dataHeapPtr >>> 0)),
      pages: loaded.mem.buffer.byteLength / pageBytes,
      dataAddress: loaded.dataAddr,
      heapAddress: loaded.dataHeapPtr,
    }),
    evaluate: (entrypoint, inputJson) => {
      if (loaded.minorVersion < 2) return JSON.stringify(loaded.evaluate(inputJson === undefined ? undefined : JSON.parse(inputJson), entrypoint))
      const heap = loaded.dataHeapPtr >>> 0
      const bytes = inputJson === undefined ? 0 : write(inputJson, heap)
      const result = exports.opa_eval(0, entrypoint, loaded.dataAddr, bytes === 0 ? 0 : heap, bytes, heap + bytes, 0) >>> 0
      return text(result)
    },
  }
}
