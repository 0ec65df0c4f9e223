import { afterEach, describe, expect, it } from "vitest"
import { startServer } from "../../src/server/index.js"
import { opaServer } from "../fixtures/opa-server.js"
import { casesOf, mismatchesText, numberIn, pdpOf, type Mismatch, type WorldCases } from "./case.js"
import { mismatchesOverHttp } from "./over-http.js"
import { chosenSuites } from "./profiles.js"

const cases = Math.min(5_000, numberIn("DIFFERENTIAL_CASES", 5_000))
const casesPerWorld = 500
const seed = numberIn("DIFFERENTIAL_SEED", 20_261_124)
const shownMismatches = 5

describe.each(chosenSuites())("the $profile profile", (suite) => {
  let running: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of running.toReversed()) await end()
    running = []
  })

  it(`is decided alike by the model, a stock OPA that fetched our bundle, and our server (${cases} cases, seed ${seed})`, async () => {
    const mismatches: Mismatch[] = []
    let answered = 0
    for (const ofWorld of casesOf(suite, seed, cases, casesPerWorld)) {
      const servers = await serve(ofWorld)
      mismatches.push(...(await mismatchesOverHttp(servers, ofWorld)))
      answered += ofWorld.cases.length
      if (mismatches.length >= shownMismatches) break
    }
    expect(mismatchesText(mismatches, shownMismatches, " --opa"), `of ${answered} cases`).toBe("")
  })

  const serve = async ({ world }: WorldCases): Promise<{ readonly sidecar: string; readonly opa: string }> => {
    for (const end of running.toReversed()) await end()
    running = []
    const pdp = await pdpOf(world)
    running.push(() => pdp.close())
    const server = await startServer({
      pdp,
      listen: { host: "127.0.0.1", port: 0 },
    })
    running.push(() => server.close(1_000))
    const opa = await opaServer(server.url)
    running.push(() => opa.stop())
    return { sidecar: server.url, opa: opa.url }
  }
})
