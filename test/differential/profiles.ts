import { hardenedModel } from "./hardened-model.js"
import { hardenedQuestions, hardenedWorld } from "./hardened-world.js"
import { nemoModel } from "./nemo-model.js"
import { nemoQuestions, nemoWorld } from "./nemo-world.js"
import type { Model, Question, World } from "./question.js"
import type { Random } from "./random.js"

/** One profile's side of the suite. */
export interface ProfileSuite {
  readonly profile: World["profile"]
  readonly model: Model
  readonly world: (seed: number) => World
  readonly questions: (world: World, random: Random, count: number) => readonly Question[]
  /** The rules that must each decide some case. */
  readonly rules: readonly string[]
}

const suites: readonly ProfileSuite[] = [
  {
    profile: "hardened",
    model: hardenedModel,
    world: hardenedWorld,
    questions: hardenedQuestions,
    rules: ["A1", "A2", "A3", "A4", "A5", "A6", "D1", "D2", "D3", "D4", "D5"],
  },
  {
    profile: "nemo",
    model: nemoModel,
    world: nemoWorld,
    questions: nemoQuestions,
    rules: ["N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8"],
  },
]

/** Both profiles, or the one that `DIFFERENTIAL_PROFILE` names. */
export function chosenSuites(): readonly ProfileSuite[] {
  const chosen = process.env["DIFFERENTIAL_PROFILE"] ?? ""
  return suites.filter(({ profile }) => chosen === "" || chosen === profile)
}
