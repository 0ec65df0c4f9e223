import { isArray, isObject, isSet, type Term, type TermObject } from "./term.js"

/** What a builtin may know of the evaluation that calls it: the same clock and the same chance throughout. */
export interface Evaluation {
  /** Nanoseconds since the epoch, asked for once. */
  nowNanos(): bigint
  /** A number from 0 to below 1. */
  random(): number
  /** Values that stay the same until the evaluation ends. */
  readonly remembered: Map<string, Term>
}

/** A builtin as OPA has it. It throws {@link BuiltinError} where OPA's leaves a value undefined. */
export type OpaBuiltin = (this: Evaluation, ...operands: Term[]) => Term | undefined

/** By OPA name. */
export type OpaBuiltins = Readonly<Record<string, OpaBuiltin>>

/** A builtin cannot answer: its value is undefined, as in OPA without strict errors. */
export class BuiltinError extends Error {}

export function textIn(term: Term | undefined): string {
  if (typeof term === "string") return term
  throw new BuiltinError("an operand must be a string")
}

export function integerIn(term: Term | undefined): number {
  if (typeof term === "number" && Number.isSafeInteger(term)) return term
  throw new BuiltinError("an operand must be an integer")
}

export function bigIntegerIn(term: Term | undefined): bigint {
  return typeof term === "bigint" ? term : BigInt(integerIn(term))
}

export function objectIn(term: Term | undefined): TermObject {
  if (isObject(term)) return term
  throw new BuiltinError("an operand must be an object")
}

export function arrayIn(term: Term | undefined): readonly Term[] {
  if (isArray(term)) return term
  throw new BuiltinError("an operand must be an array")
}

/** The members of an array or set. */
export function membersIn(term: Term | undefined): readonly Term[] {
  if (isSet(term)) return [...term]
  return arrayIn(term)
}

/** An integer as the smallest kind of term that holds it. */
export function integerTerm(value: bigint): Term {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Runs what throws for values that it does not take. */
export function attempt<T>(action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw new BuiltinError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
