import { ring } from "../ring.js"
import { interleaved } from "../rounds.js"
import { atLeast, figure, ratio, type Row } from "../row.js"
import { progress } from "../progress.js"
import type { Question } from "../world.js"
import { inputsByQuestion, type Arena } from "./arena.js"
import { casbin } from "./casbin.js"
import { casl } from "./casl.js"
import { cedar } from "./cedar.js"
import { opaWasm } from "./opa-wasm.js"
import type { Rival } from "./rival.js"

/** P4: `authorize` beside what others would use for the same questions. Those that answer differently are named and not compared. */
export async function rivals(arena: Arena, sizeName: string): Promise<readonly Row[]> {
  const { world, pdp, truth } = arena
  const questions = world.questions.slice(0, questionCount)
  progress(`decision: loading the others, ${sizeName} bindings`)
  const made: readonly Entered[] = [
    { rival: truth },
    { rival: casl(world, questions) },
    { rival: await opaWasm(snapshotData(arena), inputsByQuestion(arena, questions)) },
    { rival: cedar(world, truth.rolesOf), targeted: true },
    { rival: await casbin(world), targeted: true },
  ]
  const checked = made.map((entered) => ({ ...entered, wrong: wrongAnswers(entered.rival, truth, questions) }))
  const sound = checked.filter(({ wrong }) => wrong === 0)
  const question = ring(questions)
  progress(`decision: measuring the others, ${sizeName} bindings`)
  const times = interleaved([
    { name: "authorize", run: (at) => pdp.authorize(question(at).request) },
    ...sound.map(({ rival }) => ({ name: rival.name, run: (at: number) => rival.decides(question(at)) })),
  ])
  const ours = times.get("authorize") ?? []
  return checked.map(({ rival, targeted, wrong }): Row => {
    const what = `${rival.name}, ${sizeName} bindings`
    if (wrong > 0) return { part: "decision", what, note: `not compared: ${wrong} of ${questions.length} answers differ` }
    const theirs = times.get(rival.name) ?? []
    const toOurs = ratio(theirs, ours, "authorize")
    return { part: "decision", what, ...figure(theirs, "µs"), ...toOurs, ...(targeted && world.size > 1_000 && atLeast("P4", 20, "×", toOurs.ratio)) }
  })
}

const questionCount = 2_000

interface Entered {
  readonly rival: Rival
  /** P4 is about it. */
  readonly targeted?: boolean
}

function snapshotData({ pdp }: Arena): unknown {
  return pdp.snapshot().authzData
}

function wrongAnswers(rival: Rival, truth: Rival, questions: readonly Question[]): number {
  return questions.filter((question) => rival.decides(question) !== truth.decides(question)).length
}
