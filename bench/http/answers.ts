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
  for (const body of first?.bodies ?? []) {
    const answers = await Promise.all(targets.map((target) => answerOf(target, body)))
    if (new Set(answers).size > 1) throw new Error(`${targets.map(({ name }) => name).join(" and ")} answer ${answers.join(" and ")} to ${body}`)
  }
}

async function answerOf({ server, path }: LoadTarget, body: string): Promise<boolean> {
  const response = await fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body })
  return Answer.parse(await response.json()).result.allowed
}
