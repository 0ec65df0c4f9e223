import { createPdp, memorySource, type Pdp } from "../../src/index.js"
import type { ProfileSuite } from "./profiles.js"
import type { Question, World } from "./question.js"
import { randomOf } from "./random.js"

/** One question to one world, with the model's answer. */
export interface Case {
  readonly question: Question
  readonly expected: boolean
  /** Counted through the whole run, from 1. */
  readonly number: number
  /** Counted in its world, from 1. */
  readonly numberInWorld: number
}

/** One world with the cases that are decided in it. */
export interface WorldCases {
  readonly world: World
  readonly cases: readonly Case[]
}

/** A mismatch: who answered what. */
export interface Mismatch {
  readonly world: World
  readonly one: Case
  readonly by: string
  readonly answer: unknown
}

/** The number in an environment variable, or a default. */
export function numberIn(name: string, absent: number): number {
  const text = process.env[name] ?? ""
  return text === "" ? absent : Number(text)
}

/** Worlds and their cases, one world after the other; everything comes from the seed. The first world's seed is the run's own. */
export function* casesOf({ model, world: worldOf, questions }: ProfileSuite, seed: number, count: number, perWorld: number): Generator<WorldCases> {
  const seeds = randomOf(seed)
  for (let first = 0; first < count; first += perWorld) {
    const world = worldOf(first === 0 ? seed : seeds.int(2 ** 32))
    const answer = model(world)
    const asked = questions(world, randomOf(~world.seed), perWorld).slice(0, count - first)
    const cases = asked.map((question, index) => ({ question, expected: answer(question), number: first + index + 1, numberInWorld: index + 1 }))
    yield { world, cases }
  }
}

/** A PDP that decides on a world; every other one keeps its decisions. */
export function pdpOf({ seed, document, bindings, profile, scopes }: World): Promise<Pdp> {
  return createPdp({ authorizationData: document, source: memorySource(bindings), profile, scopes, ...(seed % 2 === 1 && { cache: {} }) })
}

/** True only for a result that says exactly `true`. */
export function saysTrue(entrypoint: Question["entrypoint"], result: unknown): boolean {
  if (typeof result !== "object" || result === null) return false
  return entrypoint === "has_role" ? "has_role" in result && result.has_role === true : "allowed" in result && result.allowed === true
}

/**
 * What differs, case by case, and how to see each again as the last of a short run.
 *
 * @param flags of that run, beside seed, cases and profile
 */
export function mismatchesText(mismatches: readonly Mismatch[], shown: number, flags = ""): string {
  const numbers = [...new Set(mismatches.map(({ one }) => one.number))].slice(0, shown)
  return numbers
    .map((number) =>
      caseText(
        mismatches.filter(({ one }) => one.number === number),
        flags,
      ),
    )
    .join("\n")
}

function caseText(mismatches: readonly Mismatch[], flags: string): string {
  const [first] = mismatches
  if (!first) return ""
  const { world, one } = first
  const { seed, profile, scopes, document, bindings } = world
  return [
    `case ${one.number} (${profile}): the model says ${one.expected}; ${mismatches.map(({ by, answer }) => `${by} says ${JSON.stringify(answer)}`).join(", ")}`,
    `  question ${one.question.entrypoint} ${JSON.stringify(one.question.input)}`,
    `  scopes ${scopes}, document ${JSON.stringify(document)}`,
    `  bindings ${bindings.map(({ principal, workspace, role }) => JSON.stringify([principal, workspace, role])).join(" ")}`,
    `  again: npm run test:differential -- --seed ${seed} --cases ${one.numberInWorld} --profile ${profile}${flags}`,
  ].join("\n")
}
