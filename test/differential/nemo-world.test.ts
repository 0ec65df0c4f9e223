import { describe, expect, it } from "vitest"
import { createPdp } from "../../src/index.js"
import { nemoModel } from "./nemo-model.js"
import { nemoQuestions, nemoWorld, withPrincipals } from "./nemo-world.js"
import { randomOf } from "./random.js"

const seeds = Array.from({ length: 40 }, (_, seed) => seed)

describe("worlds of the nemo profile", () => {
  it("are made again by their seed, with the same questions", () => {
    for (const seed of seeds) {
      expect(nemoWorld(seed)).toEqual(nemoWorld(seed))
      expect(nemoQuestions(nemoWorld(seed), randomOf(seed), 10)).toEqual(nemoQuestions(nemoWorld(seed), randomOf(seed), 10))
    }
  })

  it("ask what is allowed about as often as what is denied", () => {
    const answers = seeds.map(nemoWorld).flatMap((world) => nemoQuestions(world, randomOf(world.seed), 50).map(nemoModel(world)))
    const share = answers.filter((allowed) => allowed).length / answers.length
    expect(share).toBeGreaterThan(0.25)
    expect(share).toBeLessThan(0.6)
  })
})

describe("a reference document whose principals are the bindings", () => {
  it.each(seeds)("answers as the same bindings from a source do (seed %i)", async (seed) => {
    const world = nemoWorld(seed)
    const { document } = withPrincipals(world)
    if (document === world.document) return
    const pdp = await createPdp({ profile: "nemo", authorizationData: document })
    const model = nemoModel(world)
    for (const question of nemoQuestions(world, randomOf(seed), 50)) {
      const result = pdp.evaluate(`authz/${question.entrypoint}`, question.input)
      const answer = question.entrypoint === "has_role" ? { has_role: model(question) } : { allowed: model(question) }
      expect(result, JSON.stringify(question)).toMatchObject(answer)
    }
    await pdp.close()
  })
})
