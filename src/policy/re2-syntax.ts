import { BuiltinError } from "./opa-builtin.js"
import { characterClass, escapedClass, escapeLength, literal, type CharacterTest } from "./re2-classes.js"

export type Assertion = "line-start" | "line-end" | "text-start" | "text-end" | "word" | "no-word"

/** A regular expression, taken apart. */
export type Node =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "choice"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly least: number; readonly most: number; readonly isLazy: boolean }
  | { readonly kind: "group"; readonly node: Node; readonly index: number }

/** A parsed expression: group 0 is the whole. */
export interface Syntax {
  readonly node: Node
  readonly groups: number
  /** Number of each named group. */
  readonly names: ReadonlyMap<string, number>
}

interface Flags {
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly ungreedy: boolean
}

const mostRepeats = 1_000
const deepest = 200

/**
 * Parses RE2's syntax, which Go and OPA have: no backreferences, no lookarounds.
 *
 * @throws {BuiltinError} for what RE2 refuses
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function parseExpression(expression: string): Syntax {
  const text = [...expression]
  const names = new Map<string, number>()
  let at = 0
  let groups = 0
  let depth = 0

  const fail = (why: string): never => {
    throw new BuiltinError(`error parsing regexp: ${why}: ${expression.slice(0, 100)}`)
  }
  const rest = (length: number): string => text.slice(at, at + length).join("")
  const skip = (wanted: string): boolean => {
    const isThere = rest(wanted.length) === wanted
    if (isThere) at += wanted.length
    return isThere
  }

  function choice(flags: Flags): Node {
    if (++depth > deepest) fail("expression nests too deeply")
    let current = flags
    const nodes: Node[] = []
    do {
      const sequence = sequenceOf(current)
      nodes.push(sequence.node)
      current = sequence.flags
    } while (skip("|"))
    depth--
    return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: "choice", nodes }
  }

  function sequenceOf(outer: Flags): { readonly node: Node; readonly flags: Flags } {
    let flags = outer
    const nodes: Node[] = []
    while (at < text.length && text[at] !== "|" && text[at] !== ")") {
      if (skip("\\Q")) {
        while (at < text.length && !skip("\\E")) nodes.push(characterOf(text[at++] ?? "", flags))
        continue
      }
      const atom = atomOf(flags)
      if ("flags" in atom) flags = atom.flags
      else nodes.push(repeated(atom, flags))
    }
    return { node: { kind: "sequence", nodes }, flags }
  }

  function atomOf(flags: Flags): Node | { readonly flags: Flags } {
    const character = text[at++] ?? ""
    switch (character) {
      case "(":
        return groupOf(flags)
      case "[":
        return classOf(flags)
      case ".":
        return { kind: "character", test: flags.dotAll ? () => true : (code) => code !== 10 }
      case "^":
        return { kind: "assertion", assertion: flags.multiline ? "line-start" : "text-start" }
      case "$":
        return { kind: "assertion", assertion: flags.multiline ? "line-end" : "text-end" }
      case "\\":
        return escapeOf(flags)
      case "*":
      case "+":
      case "?":
        return fail("missing argument to repetition operator")
      default:
        return characterOf(character, flags)
    }
  }

  function groupOf(flags: Flags): Node | { readonly flags: Flags } {
    const closed = (node: Node): Node => (skip(")") ? node : fail("missing closing )"))
    if (!skip("?")) {
      const index = ++groups
      return closed({ kind: "group", node: choice(flags), index })
    }
    const named = /^P?<(\w+)>/.exec(rest(300))
    if (named) {
      at += named[0].length
      const index = ++groups
      if (names.has(named[1] ?? "")) fail("duplicate capture group name")
      names.set(named[1] ?? "", index)
      return closed({ kind: "group", node: choice(flags), index })
    }
    const switches = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest(20))
    if (!switches || switches[0] === ")") return fail("invalid or unsupported Perl syntax")
    at += switches[0].length
    const changed = switched(flags, switches[1] ?? "", switches[2] ?? "")
    return switches[3] === ")" ? { flags: changed } : closed(choice(changed))
  }

  function classOf({ ignoreCase }: Flags): Node {
    const end = classEnd(text, at)
    if (end < 0) return fail("missing closing ]")
    const test = characterClass(text.slice(at, end), ignoreCase) ?? fail("invalid character class")
    at = end + 1
    return { kind: "character", test }
  }

  function escapeOf({ ignoreCase }: Flags): Node {
    const character = text[at] ?? ""
    const assertion = ({ A: "text-start", z: "text-end", b: "word", B: "no-word" } as const)[character]
    if (assertion) {
      at++
      return { kind: "assertion", assertion }
    }
    const length = escapeLength(text.slice(at, at + 100).join(""))
    const test = length === 0 ? undefined : escapedClass(rest(length), ignoreCase)
    if (!test) return fail(character === "" ? "trailing backslash at end of expression" : "invalid escape sequence")
    at += length
    return { kind: "character", test }
  }

  function repeated(node: Node, flags: Flags): Node {
    const range = rangeOf()
    if (!range) return node
    const isLazy = skip("?") !== flags.ungreedy
    if (rangeOf()) fail("invalid nested repetition operator")
    return { kind: "repeat", node, ...range, isLazy }
  }

  function rangeOf(): { readonly least: number; readonly most: number } | undefined {
    if (skip("*")) return { least: 0, most: Infinity }
    if (skip("+")) return { least: 1, most: Infinity }
    if (skip("?")) return { least: 0, most: 1 }
    const [whole, least, comma, most] = /^\{(\d+)(,(\d*))?\}/.exec(rest(20)) ?? []
    if (whole === undefined) return undefined
    at += whole.length
    const range = { least: Number(least), most: comma === undefined ? Number(least) : most ? Number(most) : Infinity }
    const isValid = range.least <= mostRepeats && range.least <= range.most && (range.most <= mostRepeats || range.most === Infinity)
    return isValid ? range : fail("invalid repeat count")
  }

  const node = choice({ ignoreCase: false, multiline: false, dotAll: false, ungreedy: false })
  if (at < text.length) fail("unexpected )")
  return { node: { kind: "group", node, index: 0 }, groups: groups + 1, names }
}

function characterOf(character: string, { ignoreCase }: Flags): Node {
  return { kind: "character", test: literal(character.codePointAt(0) ?? 0, ignoreCase) }
}

function switched(flags: Flags, on: string, off: string): Flags {
  const state = (letter: string, before: boolean): boolean => (off.includes(letter) ? false : on.includes(letter) || before)
  return {
    ignoreCase: state("i", flags.ignoreCase),
    multiline: state("m", flags.multiline),
    dotAll: state("s", flags.dotAll),
    ungreedy: state("U", flags.ungreedy),
  }
}

/** Where the `]` of a class is. The first character after `[` or `[^` is never it. */
function classEnd(text: readonly string[], start: number): number {
  let at = text[start] === "^" ? start + 1 : start
  for (let isFirst = true; at < text.length; isFirst = false) {
    if (text[at] === "]" && !isFirst) return at
    if (text[at] === "\\") at += 2
    else if (text[at] === "[" && text[at + 1] === ":" && text.indexOf(":", at + 2) > 0 && text[text.indexOf(":", at + 2) + 1] === "]")
      at = text.indexOf(":", at + 2) + 2
    else at++
  }
  return -1
}
