import { isCompleteQuestion, isTypedSoundly } from "./border.js"
import { saysTrue, type Case, type Mismatch, type WorldCases } from "./case.js"
import type { Question } from "./question.js"

/** Where questions are asked over HTTP. */
export interface Servers {
  /** Base URL of our server. */
  readonly sidecar: string
  /** Base URL of an OPA that runs our bundle. */
  readonly opa: string
}

/** Asks everything over HTTP: a stock OPA, our PDP API and our data API. @returns where an answer is not the model's */
export async function mismatchesOverHttp({ sidecar, opa }: Servers, { world, cases }: WorldCases): Promise<readonly Mismatch[]> {
  const asked = cases.flatMap((one): Asked[] => {
    const { question } = one
    const path = `/v1/data/authz/${question.entrypoint}`
    return [
      { one, by: "OPA", url: opa + path, accepted: true },
      { one, by: "the data API", url: sidecar + path, accepted: isTypedSoundly(question) },
      { one, by: "the PDP API", url: `${sidecar}/apis/auth/v2/authz/${question.entrypoint}`, accepted: isCompleteQuestion(question) },
    ]
  })
  const found = await together(asked, async ({ one, by, url, accepted }) => {
    const answer = await ask(url, one.question.input, saysTrueFor(one.question))
    if (answer === (accepted ? one.expected : 400) && (accepted || !one.expected)) return []
    return [{ world, one, by, answer }]
  })
  const batches = await together(batchesOf(cases), async (batch) => {
    const answers = await ask(`${opa}/v1/data/authz/allow_many`, { requests: batch.map(({ question }) => question.input) }, (result) => result)
    const answerOf = (index: number): unknown => (Array.isArray(answers) ? answers[index] : answers)
    return batch.flatMap((one, index) => (answerOf(index) === one.expected ? [] : [{ world, one, by: "OPA's allow_many", answer: answerOf(index) }]))
  })
  return [...found.flat(), ...batches.flat()]
}

interface Asked {
  readonly one: Case
  readonly by: string
  readonly url: string
  /** False: 400 is due. */
  readonly accepted: boolean
}

const inFlight = 16
const batchSize = 50

function batchesOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const asked = cases.filter(({ question }) => question.entrypoint === "allow")
  return Array.from({ length: Math.ceil(asked.length / batchSize) }, (_, index) => asked.slice(index * batchSize, (index + 1) * batchSize))
}

function saysTrueFor({ entrypoint }: Question): (result: unknown) => boolean {
  return (result) => saysTrue(entrypoint, result)
}

/** The nemo profile wants to hear that a service asks. */
const headers = { "Content-Type": "application/json", "X-NMP-Principal-Id": "service:differential" }

/** @returns what `read` makes of the result, or the status when it is not 200 */
async function ask(url: string, input: unknown, read: (result: unknown) => unknown): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ input }) })
  const body: unknown = await response.json()
  if (response.status !== 200) return response.status
  return read(typeof body === "object" && body !== null && "result" in body ? body.result : undefined)
}

/** Some at a time, in order. */
async function together<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item)
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  return results
}
