import { BuiltinError, bigIntegerIn, integerIn, integerTerm, textIn, type OpaBuiltins } from "./opa-builtin.js"
import type { Term } from "./term.js"
import { numberOf } from "./term-text.js"

const mostItems = 1_000_000

/** Builtins on numbers and quantities that are not compiled into modules. */
export const numberBuiltins: OpaBuiltins = {
  "numbers.range_step": (from, to, step) => range(bigIntegerIn(from), bigIntegerIn(to), bigIntegerIn(step)),
  "rand.intn": function (key, below) {
    const limit = Math.abs(integerIn(below))
    const place = `rand.intn ${textIn(key)} ${limit}`
    const known = this.remembered.get(place)
    if (known !== undefined) return known
    const value = Math.floor(this.random() * limit)
    this.remembered.set(place, value)
    return value
  },
  "units.parse": (text) => parsedUnits(textIn(text).replaceAll('"', "")),
  "units.parse_bytes": (text) => parsedBytes(textIn(text).toLowerCase().replaceAll('"', "")),
}

function range(from: bigint, to: bigint, step: bigint): readonly Term[] {
  if (step <= 0n) throw new BuiltinError("step must be a positive integer")
  const distance = from < to ? to - from : from - to
  const count = distance / step + 1n
  if (count > mostItems) throw new RangeError(`numbers.range_step would give ${count} numbers; at most ${mostItems} are made`)
  return Array.from({ length: Number(count) }, (_, index) => integerTerm(from + (from < to ? step : -step) * BigInt(index)))
}

const powers = "kmgtpe"

function parsedUnits(text: string): Term {
  const { amount, unit } = cut(text)
  const first = unit.slice(0, 1)
  const rest = unit.slice(1).toLowerCase()
  if (unit === "m") return quotient(amount.digits, amount.scale * 1_000n)
  const power = powers.indexOf(first.toLowerCase()) + 1
  const isKnown = unit === "" || (power > 0 && (rest === "" || rest === "i"))
  if (!isKnown) throw new BuiltinError(`unit ${unit} not recognized`)
  return quotient(amount.digits * (rest === "i" ? 1_024n : 1_000n) ** BigInt(unit === "" ? 0 : power), amount.scale)
}

function parsedBytes(text: string): Term {
  const { amount, unit } = cut(text)
  const power = powers.indexOf(unit.slice(0, 1)) + 1
  const rest = unit.slice(1)
  if (unit !== "" && (power === 0 || !["", "b", "i", "ib"].includes(rest))) throw new BuiltinError(`byte unit ${unit} not recognized`)
  const factor = (rest.startsWith("i") ? 1_024n : 1_000n) ** BigInt(unit === "" ? 0 : power)
  return integerTerm((amount.digits * factor) / amount.scale)
}

interface Amount {
  readonly digits: bigint
  readonly scale: bigint
}

const quantity = /^([-+]?[\d.]+(?:e[-+]?\d+)?)(.*)$/is
const number = /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i
/** Go's limit is an exponent of six digits, and a quantity of as many digits. */
const largestExponent = 400

function cut(text: string): { readonly amount: Amount; readonly unit: string } {
  if (text.includes(" ")) throw new BuiltinError("spaces not allowed in resource strings")
  const [, amount, unit = ""] = quantity.exec(text) ?? []
  if (amount === undefined) throw new BuiltinError("no amount provided")
  return { amount: amountOf(amount), unit }
}

function amountOf(text: string): Amount {
  const [, sign, whole = "", fraction = "", power = "0"] = number.exec(text) ?? []
  if (whole + fraction === "") throw new BuiltinError("could not parse amount to a number")
  const exponent = Number(power) - fraction.length
  if (Math.abs(exponent) > largestExponent) throw new BuiltinError("exponent too large")
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n)
  return exponent < 0 ? { digits, scale: 10n ** BigInt(-exponent) } : { digits: digits * 10n ** BigInt(exponent), scale: 1n }
}

const decimals = 10n ** 10n

/** An integer where it is one, else rounded to ten decimals. */
function quotient(dividend: bigint, divisor: bigint): Term {
  if (dividend % divisor === 0n) return integerTerm(dividend / divisor)
  const isNegative = dividend < 0n
  const rounded = ((isNegative ? -dividend : dividend) * decimals * 2n + divisor) / (divisor * 2n)
  return numberOf(`${isNegative ? "-" : ""}${rounded / decimals}.${String(rounded % decimals).padStart(10, "0")}`)
}
