import { createPdp, memorySource } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { ring } from "../ring.js"
import { interleaved } from "../rounds.js"
import { atLeast, figure, ratio, type Row } from "../row.js"
import type { Arena } from "./arena.js"

const repeatedQuestions = 1_000

/** P6: the same questions again and again, with the decision cache and without. */
export async function cache({ world, pdp }: Arena): Promise<readonly Row[]> {
  const cached = await createPdp({ authorizationData, source: memorySource(world.bindings), cache: {} })
  const question = ring(world.questions.slice(0, repeatedQuestions))
  const times = interleaved([
    { name: "cached", run: (at) => cached.authorize(question(at).request) },
    { name: "uncached", run: (at) => pdp.authorize(question(at).request) },
  ])
  await cached.close()
  const hits = times.get("cached") ?? []
  const faster = ratio(times.get("uncached") ?? [], hits, "faster than uncached")
  return [
    {
      part: "decision",
      what: "authorize, decision cache on, repeated questions",
      ...figure(hits, "µs"),
      ...faster,
      ...atLeast("P6", 3, "×", faster.ratio),
    },
  ]
}
