import { BuiltinError } from "./opa-builtin.js"

const nanos: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["d", 86_400_000_000_000n],
  ["w", 604_800_000_000_000n],
  ["y", 31_536_000_000_000_000n],
])

/**
 * Nanoseconds of a duration as Go and OPA write it: `1h2m`, `-1.5s`, `2d`.
 *
 * @throws {BuiltinError} for anything else, and beyond 64 bits
 */
export function durationNanos(text: string): bigint {
  const [, sign, rest = ""] = /^([-+]?)(.*)$/s.exec(text) ?? []
  if (rest === "0") return 0n
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|[smhdwy]))+$/.test(rest)) throw new BuiltinError(`invalid duration ${text}`)
  let total = 0n
  for (const [, whole = "", fraction = "", unit = ""] of rest.matchAll(/(\d*)\.?(\d*)([^\d.]+)/g)) {
    const scale = nanos.get(unit) ?? 0n
    total += BigInt(whole || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length)
  }
  const signed = sign === "-" ? -total : total
  if (BigInt.asIntN(64, signed) !== signed) throw new BuiltinError(`invalid duration ${text}`)
  return signed
}
