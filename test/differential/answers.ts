import type { Pdp } from "../../src/index.js"
import { saysTrue, type Case, type Mismatch, type WorldCases } from "./case.js"
import { typedHolding, typedRequest } from "./typed-request.js"

/** Asks a PDP everything in every way that the library has. @returns where an answer is not the model's */
export function* mismatchesOf(pdp: Pdp, { world, cases }: WorldCases): Generator<Mismatch> {
  const differs = (one: Case, by: string, answer: unknown): Mismatch[] => (answer === one.expected ? [] : [{ world, one, by, answer }])
  const typed: Typed[] = []
  for (const one of cases) {
    const { entrypoint, input } = one.question
    yield* differs(one, `authz/${entrypoint}`, saysTrue(entrypoint, pdp.evaluate(`authz/${entrypoint}`, input)))
    const request = typedRequest(one.question, world.profile)
    if (request) {
      typed.push({ one, request })
      yield* differs(one, "authorize", pdp.authorize(request).allowed)
    }
    const held = entrypoint === "allow" ? undefined : typedHolding(pdp, one.question, world.profile)
    if (held !== undefined) yield* differs(one, entrypoint === "has_role" ? "hasRole" : "hasPermissions", held)
  }
  const decisions = pdp.authorizeMany(typed.map(({ request }) => request))
  for (const [index, { one }] of typed.entries()) yield* differs(one, "authorizeMany", decisions[index]?.allowed)
  const asked = cases.filter(({ question }) => question.entrypoint === "allow")
  for (let start = 0; start < asked.length; start += batchSize) {
    const batch = asked.slice(start, start + batchSize)
    const answers = pdp.evaluate("authz/allow_many", { requests: batch.map(({ question }) => question.input) })
    for (const [index, one] of batch.entries()) yield* differs(one, "authz/allow_many", Array.isArray(answers) ? answers[index] : answers)
  }
}

interface Typed {
  readonly one: Case
  readonly request: Parameters<Pdp["authorize"]>[0]
}

const batchSize = 50
