import { BuiltinError } from "./opa-builtin.js"
import { floatText, scientific } from "./float-text.js"
import type { Term } from "./term.js"
import { termText } from "./term-text.js"

/** What OPA hands to Go's formatter: integers, floats, and texts, of everything else the text that OPA writes. */
type Operand =
  | { readonly type: "int64" | "*big.Int"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number }
  | { readonly type: "string"; readonly value: string }

interface Verb {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
}

const directive = /%([-+# 0]*)(?:(\[\d+\])?(\*)|(\d+))?(?:(\.)(?:(\[\d+\])?(\*)|(\d*)))?(\[[^\]]*\]?)?([\s\S]?)/gu
const widest = 1_000_000

/**
 * Formats as Go's `fmt.Sprintf` does for the values that OPA gives it.
 *
 * @throws {BuiltinError} for a result that would be absurdly wide
 * @see https://pkg.go.dev/fmt
 */
export function sprintf(format: string, values: readonly Term[]): string {
  const operands = values.map(operandOf)
  let next = 0
  let isReordered = false
  const indexed = (index: string | undefined): boolean => {
    if (index === undefined) return true
    isReordered = true
    const number = /^\[(\d+)\]$/.exec(index)?.[1]
    if (number === undefined || Number(number) < 1 || Number(number) > operands.length) return false
    next = Number(number) - 1
    return true
  }
  const starred = (): number | undefined => {
    const operand = operands[next++]
    return operand?.type === "int64" && operand.value >= -widest && operand.value <= widest ? Number(operand.value) : undefined
  }
  const text = format.replace(
    directive,
    (_whole, flags: string, widthIndex, widthStar, widthDigits, point, precisionIndex, precisionStar, precisionDigits, index, letter: string) => {
      let problems = ""
      let isGood = indexed(widthIndex)
      let width = Number(widthDigits ?? 0)
      let isLeft = flags.includes("-")
      if (widthStar) {
        const star = starred()
        if (star === undefined) problems += "%!(BADWIDTH)"
        isLeft ||= (star ?? 0) < 0
        width = Math.abs(star ?? 0)
      }
      let precision = point === undefined ? undefined : Number(precisionDigits || 0)
      isGood = indexed(precisionIndex) && isGood
      if (precisionStar) {
        const star = starred()
        if (star === undefined || star < 0) problems += star === undefined ? "%!(BADPREC)" : ""
        precision = star === undefined || star < 0 ? undefined : star
      }
      isGood = indexed(index) && isGood
      if (width > widest || (precision ?? 0) > widest) throw new BuiltinError("sprintf: a width beyond a million")
      if (letter === "") return `${problems}%!(NOVERB)`
      if (letter === "%") return `${problems}%`
      if (!isGood) return `${problems}%!${letter}(BADINDEX)`
      const operand = operands[next++]
      if (!operand) return `${problems}%!${letter}(MISSING)`
      return problems + formatted(letter, operand, { flags: isLeft ? `${flags.replace("0", "")}-` : flags, width, precision })
    },
  )
  if (isReordered || next >= operands.length) return text
  const extra = operands.slice(next).map((operand) => `${operand.type}=${plain(operand)}`)
  return `${text}%!(EXTRA ${extra.join(", ")})`
}

function operandOf(term: Term): Operand {
  if (typeof term === "string") return { type: "string", value: term }
  if (typeof term === "bigint") return { type: BigInt.asIntN(64, term) === term ? "int64" : "*big.Int", value: term }
  if (typeof term !== "number") return { type: "string", value: termText(term) }
  if (Number.isSafeInteger(term)) return { type: "int64", value: BigInt(term) }
  const text = String(term)
  return text.includes(".") || !Number.isFinite(term) ? { type: "float64", value: term } : { type: "string", value: text.replace("+", "") }
}

function plain(operand: Operand): string {
  return formatted("v", operand, { flags: "", width: 0, precision: undefined })
}

function formatted(letter: string, operand: Operand, verb: Verb): string {
  if (letter === "v" && verb.flags.includes("+")) return formatted(letter, operand, { ...verb, flags: verb.flags.replaceAll("+", "") })
  if (letter === "T") return padded(operand.type, verb)
  if (letter === "p") return `%!p(${operand.type}=${plain(operand)})`
  const text =
    operand.type === "string"
      ? formattedText(letter, operand.value, verb)
      : operand.type === "float64"
        ? formattedFloat(letter, operand.value, verb)
        : formattedInteger(letter, operand.value, verb, operand.type)
  if (text !== undefined) return text
  return operand.type === "*big.Int"
    ? `%!${letter}(big.Int=${operand.value})`
    : `%!${letter}(${operand.type}=${formatted("v", operand, { ...verb, flags: verb.flags.replaceAll("#", "") })})`
}

function formattedText(letter: string, text: string, verb: Verb): string | undefined {
  const characters = [...text]
  const cut = verb.precision === undefined ? text : characters.slice(0, verb.precision).join("")
  const isSharp = verb.flags.includes("#")
  switch (letter) {
    case "v":
      return padded(isSharp ? quotedText(cut) : cut, verb)
    case "s":
      return padded(cut, verb)
    case "q":
      return padded(isSharp && !/[`\u0000-\u0008\u000a-\u001f\u007f]/.test(cut) ? `\`${cut}\`` : quotedText(cut, verb.flags.includes("+")), verb)
    case "x":
    case "X":
      return padded(hexadecimal(text, letter, verb), verb)
    default:
      return undefined
  }
}

function hexadecimal(text: string, letter: "x" | "X", { flags, precision }: Verb): string {
  const bytes = [...Buffer.from(text)].slice(0, precision)
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"))
  const prefix = flags.includes("#") && bytes.length > 0 ? "0x" : ""
  const written = flags.includes(" ") ? pairs.map((pair) => prefix + pair).join(" ") : prefix + pairs.join("")
  return letter === "X" ? written.toUpperCase() : written
}

/** As Go's `strconv.Quote`. */
function quotedText(text: string, isAscii = false): string {
  const named: Readonly<Record<string, string>> = {
    "\u0007": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
  }
  const characters = [...text].map((character) => named[character] ?? (isPrinted(character, isAscii) ? character : escaped(character)))
  return `"${characters.join("")}"`
}

function isPrinted(character: string, isAscii: boolean): boolean {
  return isAscii ? /[ -~]/.test(character) : /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`
}

const bases: ReadonlyMap<string, number> = new Map([
  ["d", 10],
  ["v", 10],
  ["b", 2],
  ["o", 8],
  ["O", 8],
  ["x", 16],
  ["X", 16],
])
const prefixes: ReadonlyMap<string, string> = new Map([
  ["b", "0b"],
  ["o", "0"],
  ["x", "0x"],
  ["X", "0X"],
])
const isCodePoint = (value: bigint): boolean => value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn)

function formattedInteger(letter: string, value: bigint, verb: Verb, type: "int64" | "*big.Int"): string | undefined {
  const base = bases.get(letter)
  if (base !== undefined) return padded(digits(letter, value, base, verb), verb)
  if (type === "*big.Int") return letter === "s" ? padded(digits("d", value, 10, verb), verb) : undefined
  const character = isCodePoint(value) ? String.fromCodePoint(Number(value)) : "\ufffd"
  switch (letter) {
    case "c":
      return padded(character, verb)
    case "q":
      return padded(`'${quotedText(character).slice(1, -1).replace('\\"', '"').replace("'", "\\'")}'`, verb)
    case "U": {
      const code = BigInt.asUintN(64, value)
        .toString(16)
        .toUpperCase()
        .padStart(Math.max(4, verb.precision ?? 0), "0")
      return padded(`U+${code}${verb.flags.includes("#") && isCodePoint(value) && isPrinted(character, false) ? ` '${character}'` : ""}`, verb)
    }
    default:
      return undefined
  }
}

function digits(letter: string, value: bigint, base: number, { flags, width, precision }: Verb): string {
  const sign = value < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""
  const magnitude = (value < 0n ? -value : value).toString(base)
  const prefix = letter === "O" ? "0o" : flags.includes("#") ? (prefixes.get(letter) ?? "") : ""
  const isZeroPadded = flags.includes("0") && !flags.includes("-") && precision === undefined
  const least = isZeroPadded ? width - sign.length : (precision ?? 0)
  const number = precision === 0 && value === 0n ? "" : magnitude.padStart(least, "0")
  const written = letter === "X" ? number.toUpperCase() : number
  return sign + (prefix === "0" && written.startsWith("0") ? "" : prefix) + written
}

function formattedFloat(letter: string, value: number, verb: Verb): string | undefined {
  const magnitude = magnitudeOf(letter, Math.abs(value), verb)
  if (magnitude === undefined) return undefined
  const sign = value < 0 || Object.is(value, -0) ? "-" : verb.flags.includes("+") ? "+" : verb.flags.includes(" ") ? " " : ""
  const isZeroPadded = verb.flags.includes("0") && !verb.flags.includes("-")
  return padded(sign + (isZeroPadded ? magnitude.padStart(verb.width - sign.length, "0") : magnitude), verb)
}

function magnitudeOf(letter: string, value: number, { precision }: Verb): string | undefined {
  switch (letter) {
    case "v":
    case "g":
    case "G": {
      const text = floatText(value, precision)
      return letter === "G" ? text.toUpperCase() : text
    }
    case "e":
    case "E": {
      const text = scientific(value, precision ?? 6)
      return letter === "E" ? text.toUpperCase() : text
    }
    case "f":
    case "F":
      return value < 1e21 ? value.toFixed(Math.min(precision ?? 6, 100)) : `${BigInt(value)}.${"0".repeat(precision ?? 6)}`.replace(/\.$/, "")
    default:
      return undefined
  }
}

function padded(text: string, { flags, width }: Verb): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes("-")) return text + " ".repeat(missing)
  return (flags.includes("0") ? "0" : " ").repeat(missing) + text
}
