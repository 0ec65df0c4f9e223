import { BuiltinError } from "./opa-builtin.js"
import { parseExpression, type Assertion, type Node } from "./re2-syntax.js"
import type { CharacterTest } from "./re2-classes.js"

/** Where a match and its groups are: start, end, start, end…; -1 for a group that took no part. In code points. */
export type Match = readonly number[]

/** A compiled expression. */
export interface Expression {
  readonly names: ReadonlyMap<string, number>
  /** The leftmost match from a place on, the first by order of alternatives. */
  matchFrom(text: readonly string[], start: number): Match | undefined
}

type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "save"; readonly slot: number }
  | { readonly kind: "match" }

const longestProgram = 20_000
const mostKept = 100
const kept = new Map<string, Expression>()

/**
 * Compiles an expression of RE2's. It is run in time linear in the text, whatever the expression, as in OPA.
 *
 * @throws {BuiltinError} for what RE2 refuses, and for expressions that would be very large
 */
export function compiled(expression: string): Expression {
  const known = kept.get(expression)
  if (known) return known
  const { node, groups, names } = parseExpression(expression)
  const program = assembled(node)
  const made: Expression = { names, matchFrom: (text, start) => run(program, groups, text, start) }
  if (kept.size === mostKept) kept.clear()
  kept.set(expression, made)
  return made
}

/** All matches, none of them overlapping, an empty one not right after another, as Go finds them. */
export function allMatches(expression: Expression, text: readonly string[], most = Infinity): readonly Match[] {
  const matches: Match[] = []
  let previousEnd = -1
  for (let at = 0; at <= text.length && matches.length < most;) {
    const match = expression.matchFrom(text, at)
    const [start = -1, end = -1] = match ?? []
    if (!match) break
    if (end > start || start !== previousEnd) matches.push(match)
    previousEnd = end
    at = end > at ? end : at + 1
  }
  return matches
}

function assembled(node: Node): readonly Instruction[] {
  const program: Instruction[] = []
  const emit = <T extends Instruction>(instruction: T): T => {
    if (program.length === longestProgram) throw new BuiltinError("error parsing regexp: expression too large")
    program.push(instruction)
    return instruction
  }
  const emitNode = (one: Node): void => {
    switch (one.kind) {
      case "character":
      case "assertion":
        emit(one)
        return
      case "sequence":
        one.nodes.forEach(emitNode)
        return
      case "group":
        emit({ kind: "save", slot: one.index * 2 })
        emitNode(one.node)
        emit({ kind: "save", slot: one.index * 2 + 1 })
        return
      case "choice":
        emitChoice(one.nodes)
        return
      case "repeat":
        emitRepeat(one)
    }
  }
  const emitChoice = ([first, ...rest]: readonly Node[]): void => {
    if (!first) return
    if (rest.length === 0) return emitNode(first)
    const split = emit({ kind: "split", first: program.length + 1, second: 0 })
    emitNode(first)
    const jump = emit({ kind: "jump", to: 0 })
    split.second = program.length
    emitChoice(rest)
    jump.to = program.length
  }
  const emitOptional = (isLazy: boolean, body: () => void): void => {
    const split = emit({ kind: "split", first: 0, second: 0 })
    const inside = program.length
    body()
    split.first = isLazy ? program.length : inside
    split.second = isLazy ? inside : program.length
  }
  const emitRepeat = ({ node: repeated, least, most, isLazy }: Extract<Node, { kind: "repeat" }>): void => {
    for (let count = 0; count < least; count++) emitNode(repeated)
    if (most === Infinity) {
      const start = program.length
      emitOptional(isLazy, () => {
        emitNode(repeated)
        emit({ kind: "jump", to: start })
      })
      return
    }
    const emitRest = (left: number): void => {
      if (left > 0)
        emitOptional(isLazy, () => {
          emitNode(repeated)
          emitRest(left - 1)
        })
    }
    emitRest(most - least)
  }
  emitNode(node)
  emit({ kind: "match" })
  return program
}

interface Thread {
  readonly at: number
  readonly slots: readonly number[]
}

/** All threads step through the text together, in order of preference. */
function run(program: readonly Instruction[], groups: number, text: readonly string[], start: number): Match | undefined {
  const seen = new Int32Array(program.length).fill(-1)
  let threads: readonly Thread[] = []
  let best: Match | undefined
  const blank: readonly number[] = Array.from({ length: groups * 2 }, () => -1)

  for (let at = start; at <= text.length; at++) {
    const ready: Thread[] = []
    const follow = (first: number, slots: readonly number[]): void => {
      const pending: Thread[] = [{ at: first, slots }]
      for (let thread = pending.pop(); thread; thread = pending.pop()) {
        if (seen[thread.at] === at) continue
        seen[thread.at] = at
        const instruction = program[thread.at]
        if (instruction?.kind === "jump") pending.push({ at: instruction.to, slots: thread.slots })
        else if (instruction?.kind === "split")
          pending.push({ at: instruction.second, slots: thread.slots }, { at: instruction.first, slots: thread.slots })
        else if (instruction?.kind === "save") pending.push({ at: thread.at + 1, slots: thread.slots.with(instruction.slot, at) })
        else if (instruction?.kind !== "assertion") ready.push(thread)
        else if (holds(instruction.assertion, text, at)) pending.push({ at: thread.at + 1, slots: thread.slots })
      }
    }
    for (const { at: next, slots } of threads) follow(next, slots)
    if (!best) follow(0, blank)
    const code = text[at]?.codePointAt(0)
    const survivors: Thread[] = []
    for (const thread of ready) {
      const instruction = program[thread.at]
      if (instruction?.kind === "match") {
        best = thread.slots
        break
      }
      if (instruction?.kind === "character" && code !== undefined && instruction.test(code))
        survivors.push({ at: thread.at + 1, slots: thread.slots })
    }
    threads = survivors
    if (best && threads.length === 0) return best
  }
  return best
}

function holds(assertion: Assertion, text: readonly string[], at: number): boolean {
  switch (assertion) {
    case "text-start":
      return at === 0
    case "text-end":
      return at === text.length
    case "line-start":
      return at === 0 || text[at - 1] === "\n"
    case "line-end":
      return at === text.length || text[at] === "\n"
    case "word":
      return isWord(text[at - 1]) !== isWord(text[at])
    case "no-word":
      return isWord(text[at - 1]) === isWord(text[at])
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character)
}
