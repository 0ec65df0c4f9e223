import { createPdp, memorySource, type Pdp } from "../../src/index.js"
import { activeState } from "../../src/pdp/active.js"
import { allowInput } from "../../src/pdp/policy-input.js"
import { loadWasmPolicy } from "../../src/policy/index.js"
import { roleBindingStore } from "../../src/store/index.js"
import { authorizationData } from "../clone.js"
import { worldOf, type Question, type World } from "../world.js"
import { nestedMaps } from "./nested-maps.js"
import { readEmptyPolicy } from "./empty-policy.js"

/** One world with the PDP that decides in it. */
export interface Arena {
  readonly world: World
  readonly pdp: Pdp
  readonly truth: ReturnType<typeof nestedMaps>
  /** Per question the policy's input as JSON text, as `authorize` writes it. */
  readonly inputs: readonly string[]
}

/**
 * A world of `size` bindings, its PDP, and proof that it decides every question as the nested maps do.
 *
 * @throws {Error} naming the first question with another answer
 */
export async function arenaOf(size: number): Promise<Arena> {
  const world = worldOf(size)
  const pdp = await createPdp({ authorizationData, source: memorySource(world.bindings) })
  const truth = nestedMaps(world)
  const wrong = world.questions.find((question) => pdp.authorize(question.request).allowed !== truth.decides(question))
  if (wrong) throw new Error(`authorize decides ${JSON.stringify(wrong)} otherwise than the nested maps`)
  return { world, pdp, truth, inputs: await inputsOf(world) }
}

async function inputsOf({ bindings, questions }: World): Promise<readonly string[]> {
  const store = roleBindingStore()
  store.add(bindings)
  const policy = await loadWasmPolicy({ wasm: readEmptyPolicy() })
  const state = activeState({ policy, store, profile: "hardened", revision: "" })
  return questions.map(({ request }) => Buffer.from(allowInput(request, state)).toString())
}

/** The inputs as values, by question. */
export function inputsByQuestion({ world, inputs }: Arena, questions: readonly Question[]): ReadonlyMap<Question, object> {
  const wanted = new Set(questions)
  return new Map(world.questions.flatMap((question, at) => (wanted.has(question) ? [[question, objectOf(inputs[at] ?? "{}")] as const] : [])))
}

function objectOf(text: string): object {
  const value: unknown = JSON.parse(text)
  if (typeof value === "object" && value !== null) return value
  throw new TypeError(`${text} is no object`)
}
