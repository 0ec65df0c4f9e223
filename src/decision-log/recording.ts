import { PdpError } from "../errors.js"
import { maskedInput, maskedResult } from "./builtin-mask.js"
import { entryBytes, keptQuestion, questionBytes, type DecisionEntry } from "./entry.js"
import type { DecisionRecorder, LoggedPolicy, Outcome } from "./recorder.js"
import { jsonWeight } from "./weight.js"

/** Which decisions are noted. */
export type LogWhich = "all" | "denies" | "none"

/** What {@link recording} puts its entries into, and counts. */
export interface RecordingEffects {
  push(entry: DecisionEntry): void
  sampledOut(): void
  /** It could not be noted. */
  invalid(): void
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  /** Milliseconds since the epoch at which that clock was at 0. */
  readonly origin: () => number
  readonly random: () => number
}

/** Notes decisions of a policy. @param sample how many of the decisions that allow are noted: 1 all, 0.01 every hundredth */
export function recording(policy: LoggedPolicy, which: LogWhich, sample: number, effects: RecordingEffects): DecisionRecorder {
  const { clock, random } = effects
  const isLeftOut = ({ allowed, thrown }: Outcome): boolean => {
    if (which === "denies") return allowed !== false && thrown === undefined
    if (allowed !== true) return false
    if (sample >= 1 || random() < sample) return false
    effects.sampledOut()
    return true
  }
  const guarded = (outcome: Outcome, note: () => void): void => {
    try {
      if (!isLeftOut(outcome)) note()
    } catch {
      effects.invalid()
    }
  }
  return {
    clock,
    question: (question, outcome) =>
      guarded(outcome, () => {
        const kept = keptQuestion(question)
        const rest = { input: undefined, result: undefined, erased: none, bytes: questionBytes(kept) }
        effects.push(entryOf(policy, outcome, kept, rest, effects))
      }),
    evaluation: (input, result, outcome) =>
      guarded(outcome, () => {
        const asked = maskedInput(outcome.path, input)
        const answered = maskedResult(outcome.path, result)
        const bytes = entryBytes + 2 * outcome.path.length + jsonWeight(asked.value) + jsonWeight(answered.value)
        const rest = { input: asked.value, result: answered.value, erased: [...asked.erased, ...answered.erased], bytes }
        effects.push(entryOf(policy, outcome, undefined, rest, effects))
      }),
  }
}

const none: readonly string[] = []

type Rest = Pick<DecisionEntry, "input" | "result" | "erased" | "bytes">

function entryOf(
  policy: LoggedPolicy,
  { path, allowed, revision, thrown, startedAt, origin }: Outcome,
  question: DecisionEntry["question"],
  { input, result, erased, bytes }: Rest,
  { clock, origin: epochOf }: RecordingEffects,
): DecisionEntry {
  const tookMs = clock() - startedAt
  const error = thrown === undefined ? undefined : codeOf(thrown)
  return { path, policy, question, input, result, erased, allowed, error, revision, at: epochOf() + startedAt + tookMs, tookMs, origin, bytes }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof PdpError ? thrown.code : "ERR_EVALUATION"
}
