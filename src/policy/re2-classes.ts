/** Whether a code point belongs to a class. */
export type CharacterTest = (code: number) => boolean

const posix: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[0-9A-Za-z]/],
  ["alpha", /[A-Za-z]/],
  ["ascii", /[\0-\x7f]/],
  ["blank", /[\t ]/],
  ["cntrl", /[\0-\x1f\x7f]/],
  ["digit", /[0-9]/],
  ["graph", /[!-~]/],
  ["lower", /[a-z]/],
  ["print", /[ -~]/],
  ["punct", /[!-/:-@[-`{-~]/],
  ["space", /[\t\n\v\f\r ]/],
  ["upper", /[A-Z]/],
  ["word", /[0-9A-Za-z_]/],
  ["xdigit", /[0-9A-Fa-f]/],
])
const perl: ReadonlyMap<string, RegExp> = new Map([
  ["d", /[0-9]/],
  ["s", /[\t\n\f\r ]/],
  ["w", /[0-9A-Za-z_]/],
])
const controls: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
])
const escape = /^(?:x\{[\da-f]{1,6}\}|x[\da-f]{2}|[0-7]{3}|0|[pP](?:\{\^?\w+\}|[A-Z])|[dDsSwW]|[afnrtv]|[^\w\s]|[\u0080-\u{10ffff}])/iu

/** One character. */
export function literal(wanted: number, ignoreCase: boolean): CharacterTest {
  const test: CharacterTest = (code) => code === wanted
  return ignoreCase ? folded(test) : test
}

/** How long the escape is that a text begins with, after its backslash; 0 for what is none. */
export function escapeLength(text: string): number {
  const found = escape.exec(text)?.[0] ?? ""
  return /^[PDSWAFNRTV]/.test(found) && /^[AFNRTV]/.test(found) ? 0 : [...found].length
}

/** What an escape, without its backslash, stands for. */
export function escapedClass(text: string, ignoreCase: boolean): CharacterTest | undefined {
  const code = codeOf(text)
  if (code !== undefined) return literal(code, ignoreCase)
  const letter = text.slice(0, 1)
  const known = perl.get(letter.toLowerCase()) ?? property(text)
  if (!known) return undefined
  const isNegated = (letter !== letter.toLowerCase()) !== text.includes("^")
  const test = tester(known)
  const either = ignoreCase ? folded(test) : test
  return isNegated ? (one) => !either(one) : either
}

/** A class, given what is between its brackets; `undefined` for an invalid one. */
export function characterClass(characters: readonly string[], ignoreCase: boolean): CharacterTest | undefined {
  const isNegated = characters[0] === "^"
  const tests: CharacterTest[] = []
  for (let at = isNegated ? 1 : 0; at < characters.length;) {
    const named = /^\[:(\^?)(\w+):\]/.exec(characters.slice(at, at + 20).join(""))
    if (named) {
      const known = posix.get(named[2] ?? "")
      if (!known) return undefined
      const test = tester(known)
      tests.push(named[1] === "^" ? (code) => !test(code) : test)
      at += named[0].length
      continue
    }
    const first = element(characters, at)
    if (!first) return undefined
    at += first.length
    const isRange = characters[at] === "-" && at + 1 < characters.length
    if (!isRange || first.code === undefined) {
      tests.push(first.test)
      continue
    }
    const last = element(characters, at + 1)
    const from = first.code
    const to = last?.code
    if (!last || to === undefined || to < from) return undefined
    tests.push((code) => code >= from && code <= to)
    at += 1 + last.length
  }
  const one: CharacterTest = (code) => tests.some((test) => test(code))
  const either = ignoreCase ? folded(one) : one
  return isNegated ? (code) => !either(code) : either
}

interface Element {
  readonly length: number
  readonly test: CharacterTest
  readonly code?: number | undefined
}

function element(characters: readonly string[], at: number): Element | undefined {
  const character = characters[at]
  if (character === undefined) return undefined
  if (character !== "\\") {
    const code = character.codePointAt(0) ?? 0
    return { length: 1, test: literal(code, false), code }
  }
  const following = characters.slice(at + 1, at + 100).join("")
  const length = escapeLength(following)
  const text = characters.slice(at + 1, at + 1 + length).join("")
  const test = length === 0 ? undefined : escapedClass(text, false)
  return test && { length: length + 1, test, code: codeOf(text) }
}

function codeOf(text: string): number | undefined {
  const control = controls.get(text)
  if (control !== undefined) return control
  const [, digits] = /^x\{?([\da-f]+)\}?$/i.exec(text) ?? []
  if (digits !== undefined) return Number.parseInt(digits, 16)
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  return /^\w/.test(text) ? undefined : text.codePointAt(0)
}

function property(text: string): RegExp | undefined {
  const name = /^[pP]\{?\^?(\w+)\}?$/.exec(text)?.[1]
  if (name === undefined) return undefined
  if (name === "Any") return /[^]/u
  try {
    return new RegExp(name.length <= 2 ? `\\p{${name}}` : `\\p{Script=${name}}`, "u")
  } catch {
    return undefined
  }
}

function tester(pattern: RegExp): CharacterTest {
  return (code) => pattern.test(String.fromCodePoint(code))
}

function folded(test: CharacterTest): CharacterTest {
  return (code) => {
    if (test(code)) return true
    const character = String.fromCodePoint(code)
    return [character.toLowerCase(), character.toUpperCase()].some((other) => [...other].length === 1 && test(other.codePointAt(0) ?? 0))
  }
}
