import { isDeepStrictEqual } from "node:util"
import { PdpError } from "../../src/errors.js"
import { loadWasmPolicy } from "../../src/policy/index.js"
import type { OpaCase, Sets } from "./opa-cases.js"

/** What became of a case: it passed, or its module was refused for builtins that nobody has, or why it failed. */
export type Outcome =
  { readonly kind: "passed" } | { readonly kind: "refused"; readonly builtins: readonly string[] } | { readonly kind: "failed"; readonly why: string }

/** Runs one case through our WASM host and compares as OPA does. */
export async function outcomeOf(one: OpaCase, wasm: Uint8Array): Promise<Outcome> {
  let policy
  try {
    policy = await loadWasmPolicy({ wasm, data: one.data ?? {}, memoryLimitMb: 512, builtins: { "test.sleep": () => null } })
  } catch (thrown) {
    const builtins = /^nobody implements (.+), which the policy calls/.exec(messageOf(thrown))?.[1]?.split(", ")
    return builtins ? { kind: "refused", builtins } : { kind: "failed", why: messageOf(thrown) }
  }
  try {
    const value = one.input === undefined ? policy.evaluate(one.entrypoint, undefined) : policy.evaluateText(one.entrypoint, one.input)
    return compared(one, value)
  } catch (thrown) {
    return thrownOutcome(one, thrown)
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

const passed: Outcome = { kind: "passed" }

/** An error that only strict builtin errors show is an undefined value in WASM, as in OPA's own test of its WASM. */
function compared(one: OpaCase, value: unknown): Outcome {
  if (one.result === undefined) return one.strict === true && isUndefined(one, value) ? passed : failed(`${one.errorCode ?? "an error"}`, value)
  const { binding, sets = {}, result } = one
  if (binding === undefined) return sameMembers(result, value, { 0: { set: false, at: sets } }) ? passed : failed(result, value)
  const [first, ...more] = result
  if (first === undefined) return value === undefined ? passed : failed("undefined", value)
  const wanted = first[binding]
  const isSame =
    one.sorted === true && Array.isArray(wanted) ? sameMembers(wanted, value, sets[binding]?.at ?? {}) : same(wanted, value, sets[binding])
  return more.length === 0 && isSame ? passed : failed(wanted, value)
}

/** Where the entrypoint gives all bindings, none of them is undefined. */
function isUndefined({ binding }: OpaCase, value: unknown): boolean {
  return binding === undefined ? Array.isArray(value) && value.length === 0 : value === undefined
}

function failed(wanted: unknown, value: unknown): Outcome {
  return { kind: "failed", why: `expected ${shown(wanted)}, got ${shown(value)}` }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined"
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

function same(wanted: unknown, value: unknown, sets: Sets | undefined): boolean {
  if (sets === undefined) return isDeepStrictEqual(wanted, value)
  if (sets.set) return sameMembers(wanted, value, sets.at)
  if (typeof wanted !== "object" || wanted === null || typeof value !== "object" || value === null) return false
  const keys = Object.keys(wanted)
  const values = new Map(Object.entries(value))
  return (
    keys.length === values.size && Object.entries(wanted).every(([key, member]) => values.has(key) && same(member, values.get(key), sets.at[key]))
  )
}

/** The members of sets come in any order; where sets are inside of one is where they are inside of any. */
function sameMembers(wanted: unknown, value: unknown, at: Readonly<Record<string, Sets>>): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(value) || wanted.length !== value.length) return false
  const left: unknown[] = [...value]
  const shapes = [undefined, ...Object.values(at)]
  return wanted.every((member) => {
    const place = left.findIndex((other) => shapes.some((sets) => same(member, other, sets)))
    if (place >= 0) left.splice(place, 1)
    return place >= 0
  })
}

/** OPA's own test of its WASM accepts these errors by these texts. */
function thrownOutcome(one: OpaCase, thrown: unknown): Outcome {
  const isConflict =
    thrown instanceof PdpError && thrown.code === "ERR_EVALUATION" && /var assignment conflict|object insert conflict/.test(thrown.message)
  if (one.errorCode === "eval_conflict_error" && isConflict) return passed
  return { kind: "failed", why: messageOf(thrown) }
}
