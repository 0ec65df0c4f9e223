import { messageOf, PdpError } from "../errors.js"
import { jsonInput } from "./json-input.js"
import type { WasmPolicy } from "./policy.js"
import { resultReader } from "./result-reader.js"
import { WasmInstance, type Blueprint, type MemoryImage } from "./wasm-instance.js"

/** What a {@link WasmPolicy} is made of. */
export interface WasmPolicyParts {
  readonly digest: string
  readonly blueprint: Blueprint
  /** Nothing has been evaluated with it. */
  readonly instance: WasmInstance
  readonly memoryLimitMb: number
}

/** Inputs take up to 15 times their text in memory, rarely more. */
const memoryPerInputByte = 16
const growthBytes = 16 * 2 ** 20

/** Evaluates with one instance at a time; one that threw is never used again, and the next evaluation makes another. */
export function wasmPolicy(parts: WasmPolicyParts): WasmPolicy {
  return new ForkedPolicy(parts)
}

class ForkedPolicy implements WasmPolicy {
  readonly digest: string
  readonly entrypoints: readonly string[]
  readonly #blueprint: Blueprint
  readonly #image: MemoryImage
  readonly #numbers: ReadonlyMap<string, number>
  readonly #memoryLimitMb: number
  readonly #maxInputLength: number
  readonly #maxMemoryBytes: number
  readonly #read = resultReader()
  #instance: WasmInstance | undefined
  #isEvaluating = false
  #restarts = 0
  #failures: readonly string[] = []

  constructor({ digest, blueprint, instance, memoryLimitMb }: WasmPolicyParts) {
    this.digest = digest
    this.#blueprint = blueprint
    this.#instance = instance
    this.#image = instance.image()
    this.#numbers = instance.entrypoints
    this.entrypoints = Object.freeze([...instance.entrypoints.keys()].sort())
    this.#memoryLimitMb = memoryLimitMb
    this.#maxInputLength = Math.floor((memoryLimitMb * 2 ** 20) / memoryPerInputByte)
    this.#maxMemoryBytes = instance.memoryBytes() + Math.max(growthBytes, instance.heapAddress())
  }

  get restarts(): number {
    return this.#restarts
  }

  builtinFailures(): readonly string[] {
    return this.#failures
  }

  memoryBytes(): number {
    return (this.#instance?.memoryBytes() ?? 0) + this.#image.bytes.length
  }

  evaluate(entrypoint: string, input: unknown): unknown {
    return this.#evaluate(entrypoint, jsonInput(input))
  }

  evaluateText(entrypoint: string, inputJson: string): unknown {
    return this.#evaluate(entrypoint, inputJson)
  }

  #evaluate(entrypoint: string, inputJson: string | undefined): unknown {
    const number = this.#numbers.get(entrypoint)
    if (number === undefined) throw this.#unknown(entrypoint)
    if (inputJson !== undefined && inputJson.length > this.#maxInputLength) throw this.#tooLong(inputJson.length)
    if (this.#isEvaluating)
      throw new PdpError("ERR_EVALUATION", `a builtin called its own policy for '${entrypoint}'; load the policy once more for that`)
    this.#isEvaluating = true
    try {
      const instance = (this.#instance ??= WasmInstance.fork(this.#blueprint, this.#image))
      const result = this.#read(instance.evaluate(number, inputJson))
      this.#failures = instance.builtinFailures()
      if (instance.memoryBytes() > this.#maxMemoryBytes) this.#discard()
      return result
    } catch (cause) {
      const failed = this.#instance
      this.#discard()
      throw this.#failed(entrypoint, failed?.isExhausted() ?? false, cause)
    } finally {
      this.#isEvaluating = false
    }
  }

  #discard(): void {
    this.#instance = undefined
    this.#restarts++
  }

  #failed(entrypoint: string, isExhausted: boolean, cause: unknown): PdpError {
    const why = isExhausted
      ? `it needs more than the ${this.#memoryLimitMb} MiB of memory that memoryLimitMb allows; send a smaller input, or raise the limit`
      : messageOf(cause)
    return new PdpError("ERR_EVALUATION", `evaluating '${entrypoint}' failed: ${why}`, {
      cause,
      reason: isExhausted ? "memory_exhausted" : undefined,
    })
  }

  #unknown(entrypoint: string): PdpError {
    return new PdpError("ERR_ENTRYPOINT_UNKNOWN", `the policy has no entrypoint '${entrypoint}'; ask for ${this.entrypoints.join(", ")}`)
  }

  #tooLong(length: number): PdpError {
    const limit = `memoryLimitMb (${this.#memoryLimitMb}) leaves room for ${this.#maxInputLength}`
    return new PdpError("ERR_INPUT_INVALID", `the input has ${length} characters of JSON, and ${limit}; send less, or raise memoryLimitMb`)
  }
}
