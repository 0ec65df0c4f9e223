import { isPromise } from "node:util/types"
import { messageOf, PdpError } from "../errors.js"
import { opaBuiltins } from "./opa-builtins.js"

/** A builtin of the host's: JSON values in, a JSON value out, `undefined` for undefined. It must not call the policy that calls it. */
export type Builtin = (...values: never[]) => unknown

/** Builtins of the host's, fit for the package: their errors name them, and a promise is an error, because a module cannot wait. */
export function hostBuiltins(builtins: Readonly<Record<string, Builtin>>): ReadonlyMap<string, Builtin> {
  return new Map(Object.entries(builtins).map(([name, builtin]) => [name, named(name, builtin)]))
}

/** @throws {PdpError} `ERR_POLICY_INVALID` naming every builtin that the policy calls and nobody implements */
export function requireBuiltins(needed: readonly string[], builtins: ReadonlyMap<string, Builtin>): void {
  const missing = needed.filter((name) => !opaBuiltins.has(name) && !builtins.has(name))
  if (missing.length === 0) return
  throw new PdpError(
    "ERR_POLICY_INVALID",
    `nobody implements ${missing.sort().join(", ")}, which the policy calls; pass them as \`builtins\`, or do without`,
  )
}

function named(name: string, builtin: Builtin): Builtin {
  return (...values) => {
    let result: unknown
    try {
      result = builtin(...values)
    } catch (cause) {
      throw new Error(`${name}: ${messageOf(cause)}`, { cause })
    }
    if (!isPromise(result)) return result
    // Nobody will wait for it; rejected, it would end the process.
    result.catch(() => undefined)
    throw new Error(`${name}: returned a promise; fetch beforehand, and pass the value in data or input`)
  }
}
