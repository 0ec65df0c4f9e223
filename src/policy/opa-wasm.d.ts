/** What this folder uses of WebAssembly; Node has it, its types do not. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string
  }
  const Module: { exports(module: Module): { readonly name: string }[] }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  const Memory: new (pages: { initial: number; maximum: number }) => Memory
  interface Imports {
    readonly env: Readonly<Record<string, Memory | ((...numbers: number[]) => number | void)>>
  }
  interface Instance<Exports> {
    readonly exports: Exports
  }
  const Instance: new <Exports>(module: Module, imports: Imports) => Instance<Exports>
  const LinkError: ErrorConstructor
  function compile(bytes: Uint8Array): Promise<Module>
}

/** The package's own types need those of browsers, leave its arguments open, and lack the default export that it has. */
declare module "@open-policy-agent/opa-wasm" {
  interface LoadedPolicy {
    readonly minorVersion: number
    readonly mem: WebAssembly.Memory
    readonly wasmInstance: WebAssembly.Instance<PolicyExports>
    readonly entrypoints: Readonly<Record<string, number>>
    dataAddr: number
    dataHeapPtr: number
    setData(json: ArrayBuffer): void
    evaluate(inputJson: ArrayBuffer | undefined, entrypoint: number): unknown
  }

  /** Addresses are signed here: beyond 2 GiB they need `>>> 0`. */
  interface PolicyExports {
    readonly opa_wasm_abi_version: { readonly value: number }
    readonly opa_wasm_abi_minor_version: { readonly value: number }
    builtins(): number
    opa_json_dump(value: number): number
    opa_json_parse(text: number, bytes: number): number
    opa_value_dump(value: number): number
    opa_value_parse(text: number, bytes: number): number
    opa_malloc(bytes: number): number
    opa_heap_ptr_get(): number
    opa_heap_ptr_set(address: number): void
    opa_eval(reserved: 0, entrypoint: number, data: number, input: number, inputBytes: number, heap: number, format: 0): number
  }

  const opa: {
    loadPolicySync(
      module: WebAssembly.Module,
      memory: { initial: number; maximum: number },
      builtins: Readonly<Record<string, (...values: never[]) => unknown>>,
    ): LoadedPolicy
    LoadedPolicy: new (instance: WebAssembly.Instance<PolicyExports>, memory: WebAssembly.Memory, minorVersion: number) => LoadedPolicy
  }
  export { opa as default, type LoadedPolicy, type PolicyExports }
}
