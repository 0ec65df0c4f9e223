import { z } from "zod"
import type { LoadTarget } from "./load-generator.js"

const Answer = z.object({ result: z.object({ allowed: z.boolean() }) })

/**
 * Asks all servers every question.
 *
 * @throws {Error} naming the first question that two of them answer differently
 */
export async function checkAnswers(targets: readonly LoadTarget[]): Promise<void> {
  const [first] = targets
  for (const [at, { body = "" }] of (first?.requests ?? []).entries()) {
    const answers = await Promise.all(targets.map((target) => answerOf(target, at)))
    if (new Set(answers).size > 1) throw new Error(`${targets.map(({ name }) => name).join(" and ")} answer ${answers.join(" and ")} to ${body}`)
  }
}

async function answerOf({ name, server, requests }: LoadTarget, at: number): Promise<boolean> {
  const request = requests[at]
  if (!request) throw new Error(`${name} is not asked question ${at}`)
  const response = await fetch(`${server.url}${request.path}`, { ...request })
  return Answer.parse(await response.json()).result.allowed
}
