import { BuiltinError } from "./opa-builtin.js"

/** One character of a pattern: undefined for any, else ranges of code points; and how often. */
interface Step {
  readonly ranges: readonly (readonly [from: number, to: number])[] | undefined
  readonly times: "once" | "any"
}

const longest = 2_000

/**
 * Whether some non-empty text matches both patterns, which consist of characters, `.`, `[a-z]`, and `*` or `+` after one of them.
 *
 * @throws {BuiltinError} for an invalid pattern, or one of more than 2,000 characters
 */
export function globsMatch(a: string, b: string): boolean {
  const left = stepsOf(a)
  const right = stepsOf(b)
  const seen = new Set<number>()
  const pending: (readonly [number, number])[] = [[0, 0]]
  for (let place = pending.pop(); place; place = pending.pop()) {
    const [i, j] = place
    const key = i * (right.length + 1) + j
    if (seen.has(key)) continue
    seen.add(key)
    if (i === left.length && j === right.length) return true
    const one = left[i]
    const other = right[j]
    if (one?.times === "any") pending.push([i + 1, j])
    if (other?.times === "any") pending.push([i, j + 1])
    if (!one || !other || !overlap(one, other)) continue
    pending.push([one.times === "once" ? i + 1 : i, other.times === "once" ? j + 1 : j])
  }
  return false
}

function overlap({ ranges: a }: Step, { ranges: b }: Step): boolean {
  if (a === undefined || b === undefined) return true
  return a.some(([from, to]) => b.some(([otherFrom, otherTo]) => from <= otherTo && otherFrom <= to))
}

const part = /\\([^])|(\.)|\[((?:\\[^]|[^\\\]])*)\]|([^\\[\]+*])/uy
const times = /[+*]?/uy

/** What may come once or more is once, and then any number of times. */
function stepsOf(pattern: string): readonly Step[] {
  if (pattern.length > longest) throw new BuiltinError(`the pattern has more than ${longest} characters`)
  const steps: Step[] = []
  for (let at = 0; at < pattern.length; at = times.lastIndex) {
    part.lastIndex = at
    const [whole, escaped, dot, set, plain] = part.exec(pattern) ?? []
    if (whole === undefined) throw new BuiltinError(`the input provided is invalid: ${pattern.slice(0, 100)}`)
    times.lastIndex = part.lastIndex
    const sign = times.exec(pattern)?.[0]
    const ranges = dot !== undefined ? undefined : set !== undefined ? rangesOf(set) : [rangeOf(escaped ?? plain ?? "")]
    if (sign !== "*") steps.push({ ranges, times: "once" })
    if (sign !== "") steps.push({ ranges, times: "any" })
  }
  return steps
}

function rangesOf(set: string): readonly (readonly [number, number])[] {
  const characters = [...set.matchAll(/\\([^])|([^])/gu)].map(([, escaped, plain]) => ({ text: escaped ?? plain ?? "", isDash: plain === "-" }))
  const ranges: (readonly [number, number])[] = []
  for (let at = 0; at < characters.length; at++) {
    const first = characters[at]
    if (!first || first.isDash) throw new BuiltinError("range character '-' must be preceded by a character")
    const isRange = characters[at + 1]?.isDash === true
    const last = isRange ? characters[at + 2] : first
    if (!last || (isRange && last.isDash)) throw new BuiltinError("range character '-' must be followed by a character")
    const range = [rangeOf(first.text)[0], rangeOf(last.text)[0]] as const
    if (range[1] < range[0]) throw new BuiltinError("range is out of order")
    ranges.push(range)
    if (isRange) at += 2
  }
  return ranges
}

function rangeOf(character: string): readonly [number, number] {
  const code = character.codePointAt(0) ?? 0
  return [code, code]
}
