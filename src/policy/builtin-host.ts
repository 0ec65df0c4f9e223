import { randomInt } from "node:crypto"
import type { PolicyExports } from "@open-policy-agent/opa-wasm"
import type { Builtin } from "./builtins.js"
import { BuiltinError, type Evaluation, type OpaBuiltin } from "./opa-builtin.js"
import { opaBuiltins } from "./opa-builtins.js"
import { parseTerm, termText } from "./term-text.js"
import type { Term } from "./term.js"

/** What a module imports, and what connects it with the module's own memory. */
export interface BuiltinHost {
  readonly imports: WebAssembly.Imports
  /** Before anything is evaluated. */
  connect(exports: PolicyExports): void
  /** Another evaluation begins: the clock is read anew. */
  begin(): void
  /** Which builtins could not answer since then, and why. */
  failures(): readonly string[]
}

/** What policies see of the world. */
export interface Surroundings {
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** From 0 to below 1. Default: the operating system's. */
  readonly random?: (() => number) | undefined
  /** Gets what a module prints by `opa_println`. Default: nobody. */
  readonly print?: ((line: string) => void) | undefined
}

/** Answers the builtins that a module calls: the host's own first, then those of this package. */
export function builtinHost(memory: WebAssembly.Memory, own: ReadonlyMap<string, Builtin>, surroundings: Surroundings): BuiltinHost {
  let exports: PolicyExports | undefined
  let names: ReadonlyMap<number, string> = new Map()
  let evaluation = evaluationOf(surroundings)
  let isFresh = true
  let failures: readonly string[] = none

  const connected = (): PolicyExports => {
    if (exports) return exports
    throw new Error("a builtin was called before its module was ready")
  }
  const textAt = (address: number): string => {
    const bytes = Buffer.from(memory.buffer)
    const start = address >>> 0
    return bytes.toString("utf8", start, bytes.indexOf(0, start))
  }
  const written = (text: string): { readonly address: number; readonly length: number } => {
    const bytes = Buffer.from(text)
    const address = connected().opa_malloc(bytes.length)
    Buffer.from(memory.buffer).set(bytes, address >>> 0)
    return { address, length: bytes.length }
  }
  const callOwn = (builtin: Builtin, operands: readonly number[]): number => {
    const { opa_json_dump, opa_json_parse } = connected()
    const values: unknown[] = operands.map((operand) => JSON.parse(textAt(opa_json_dump(operand))))
    const result: unknown = Reflect.apply(builtin, undefined, values)
    if (result === undefined) return 0
    const { address, length } = written(JSON.stringify(result))
    return opa_json_parse(address, length)
  }
  const callOpas = (name: string, builtin: OpaBuiltin, operands: readonly number[]): number => {
    const { opa_value_dump, opa_value_parse } = connected()
    isFresh = false
    const terms = operands.map((operand) => parseTerm(textAt(opa_value_dump(operand))))
    const result = resultOf(builtin, evaluation, terms, (message) => (failures = [...failures.slice(0, mostFailures), `${name}: ${message}`]))
    if (result === undefined) return 0
    const { address, length } = written(termText(result))
    return opa_value_parse(address, length)
  }
  const call = (id: number, _context: number, ...operands: readonly number[]): number => {
    const name = names.get(id) ?? `number ${id}`
    const ours = own.get(name)
    if (ours) return callOwn(ours, operands)
    const builtin = opaBuiltins.get(name)
    if (builtin) return callOpas(name, builtin, operands)
    throw new Error(`nobody implements ${name}`)
  }
  return {
    imports: {
      env: {
        memory,
        opa_abort: (address: number) => {
          throw new Error(textAt(address))
        },
        opa_println: (address: number) => surroundings.print?.(textAt(address)),
        opa_builtin0: call,
        opa_builtin1: call,
        opa_builtin2: call,
        opa_builtin3: call,
        opa_builtin4: call,
      },
    },
    connect: (connecting) => {
      exports = connecting
      const numbers: unknown = JSON.parse(textAt(connecting.opa_json_dump(connecting.builtins())))
      names = new Map(Object.entries(Object(numbers)).map(([name, id]) => [Number(id), name]))
    },
    begin: () => {
      if (isFresh) return
      evaluation = evaluationOf(surroundings)
      isFresh = true
      failures = none
    },
    failures: () => failures,
  }
}

const none: readonly string[] = []
const mostFailures = 15

function resultOf(builtin: OpaBuiltin, evaluation: Evaluation, operands: Term[], onFailure: (message: string) => void): Term | undefined {
  try {
    return builtin.apply(evaluation, operands)
  } catch (thrown) {
    if (!(thrown instanceof BuiltinError)) throw thrown
    onFailure(thrown.message)
    return undefined
  }
}

function evaluationOf({ now = Date.now, random = ofTheSystem }: Surroundings): Evaluation {
  let time: bigint | undefined
  return { nowNanos: () => (time ??= BigInt(Math.floor(now() * 1_000)) * 1_000n), random, remembered: new Map() }
}

const chances = 2 ** 48 - 1

function ofTheSystem(): number {
  return randomInt(chances) / chances
}
