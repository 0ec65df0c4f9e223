import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { Pdp } from "../../src/index.js"
import { mismatchesOf } from "./answers.js"
import { casesOf, mismatchesText, numberIn, pdpOf, type Mismatch, type WorldCases } from "./case.js"
import { chosenSuites } from "./profiles.js"
import { progressLine } from "./progress.js"

const cases = numberIn("DIFFERENTIAL_CASES", 100_000)
const seed = numberIn("DIFFERENTIAL_SEED", 20_261_124)
const casesPerWorld = 500
const shownMismatches = 5
/** From so many cases on both answers must be frequent. */
const manyCases = 20_000
/** From so many cases on each rule must have decided one: A6 decides one in two thousand, of which one in five is explained. */
const casesForEachRule = 100_000
const explainedOneIn = 5

describe.each(chosenSuites())("the $profile profile", (suite) => {
  it(`is decided alike by the model, the policy and the library (${cases} cases, seed ${seed})`, async () => {
    const mismatches: Mismatch[] = []
    const tally = new Tally()
    for (const ofWorld of casesOf(suite, seed, cases, casesPerWorld)) {
      const pdp = await pdpOf(ofWorld.world)
      mismatches.push(...mismatchesOf(pdp, ofWorld), ...tally.count(pdp, ofWorld))
      await pdp.close()
      await nextTurn()
      progressLine(suite.profile, tally.cases, cases)
      if (mismatches.length >= shownMismatches) break
    }
    expect(mismatchesText(mismatches, shownMismatches), `of ${tally.cases} cases`).toBe("")
    if (cases < manyCases) return
    expect(tally.allowed / tally.cases).toBeGreaterThan(0.2)
    expect(tally.allowed / tally.cases).toBeLessThan(0.8)
    expect(tally.worldsWithBoth / tally.worlds).toBeGreaterThan(0.9)
    if (cases < casesForEachRule) return
    expect([...tally.rules].sort()).toEqual(expect.arrayContaining([...suite.rules]))
  })
})

/** What came to pass, so that agreement means something. */
class Tally {
  cases = 0
  allowed = 0
  worlds = 0
  worldsWithBoth = 0
  readonly rules = new Set<string>()

  /** Counts a world's cases; asks for the explanation of some. @returns where an explanation says something else than the decision */
  count(pdp: Pdp, { world, cases: all }: WorldCases): Mismatch[] {
    const allowed = all.filter(({ expected }) => expected).length
    this.cases += all.length
    this.allowed += allowed
    this.worlds++
    if (allowed > 0 && allowed < all.length) this.worldsWithBoth++
    const explained = all.filter(({ question, number }) => question.entrypoint === "allow" && number % explainedOneIn === 0)
    return explained.flatMap((one) => {
      const facts = pdp.evaluate("authz/explain", one.question.input)
      if (typeof facts !== "object" || facts === null || !("allowed" in facts)) return [{ world, one, by: "authz/explain", answer: facts }]
      if ("rule" in facts && typeof facts.rule === "string") this.rules.add(facts.rule)
      return facts.allowed === one.expected ? [] : [{ world, one, by: "authz/explain", answer: facts.allowed }]
    })
  }
}
