import type { OpaError } from "./error.js"

/** One input of a batch, with what is the same in all of them merged in. */
export interface BatchInput {
  readonly id: string
  readonly input: unknown
}

/** Inputs that one batch may hold. */
const maxInputs = 1_000

/**
 * Reads the body of `POST /v1/batch/data/…`: `{"inputs": {<id>: <input>}, "common_input": {…}}`. Objects are merged with `common_input` at
 * every depth; where both say something, the input wins.
 *
 * @returns a message when the body is none
 */
export function readBatch(body: unknown): readonly BatchInput[] | string {
  if (!isObject(body)) return 'body contains malformed input document: send {"inputs": {<id>: <input>}}'
  const inputs = memberOf(body, "inputs")
  if (!isObject(inputs)) return "missing required 'inputs' object"
  const entries = Object.entries(inputs)
  if (entries.length > maxInputs) return `inputs has ${entries.length} members; send at most ${maxInputs}`
  const shared = memberOf(body, "common_input")
  return entries.map(([id, input]) => ({ id, input: shared === undefined ? input : merged(shared, input) }))
}

/** What became of one input: members of its answer, or an error. */
export type BatchOutcome = { readonly id: string; readonly answer: object } | { readonly id: string; readonly error: OpaError }

/** Status and body of the answer to a batch: 200 when all worked, 500 when none did, and else 207 with `http_status_code` in each answer. */
export function batchAnswer(outcomes: readonly BatchOutcome[], frame: object): { readonly status: number; readonly body: object } {
  const failures = outcomes.filter((outcome) => "error" in outcome).length
  const isMixed = failures > 0 && failures < outcomes.length
  const responses = outcomes.map((outcome): readonly [string, object] => {
    const isError = "error" in outcome
    const answer = isError ? outcome.error : outcome.answer
    return [outcome.id, isMixed ? { http_status_code: isError ? "500" : "200", ...answer } : answer]
  })
  const status = isMixed ? 207 : failures > 0 ? 500 : 200
  return { status, body: { ...frame, responses: Object.fromEntries(responses) } }
}

function merged(shared: unknown, input: unknown): unknown {
  if (!isObject(shared) || !isObject(input)) return input
  const entries = Object.entries(input).map(([name, value]): readonly [string, unknown] => [
    name,
    Object.hasOwn(shared, name) ? merged(memberOf(shared, name), value) : value,
  ])
  return { ...shared, ...Object.fromEntries(entries) }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function memberOf(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}
