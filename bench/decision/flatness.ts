import { loadWasmPolicy } from "../../src/policy/index.js"
import { ring } from "../ring.js"
import { interleaved } from "../rounds.js"
import { atMost, figure, ratio, type Row } from "../row.js"
import { ratioOf } from "../statistics.js"
import type { Arena } from "./arena.js"
import { emptyEntrypoint, readEmptyPolicy } from "./empty-policy.js"
import { sizes } from "./sizes.js"

/** P1 and P2: `authorize` at every size, beside an empty policy that gets the same inputs. */
export async function flatness(arenas: readonly Arena[]): Promise<readonly Row[]> {
  const empty = await loadWasmPolicy({ wasm: readEmptyPolicy() })
  const contenders = arenas.flatMap(({ world, pdp, inputs }) => {
    const question = ring(world.questions)
    const input = ring(inputs)
    return [
      { name: `authorize ${world.size}`, run: (at: number) => pdp.authorize(question(at).request) },
      { name: `empty ${world.size}`, run: (at: number) => empty.evaluateText(emptyEntrypoint, input(at)) },
    ]
  })
  const times = interleaved(contenders)
  const of = (kind: "authorize" | "empty", size: number) => times.get(`${kind} ${size}`) ?? []
  const [smallest, , largest] = sizes
  const growth = ratioOf(of("authorize", largest.size), of("authorize", smallest.size))
  return [
    ...sizes.flatMap(({ size, name }): Row[] => {
      const toEmpty = ratio(of("authorize", size), of("empty", size), "the empty policy")
      return [
        { part: "decision", what: `empty policy, same input, ${name} bindings`, ...figure(of("empty", size), "µs") },
        {
          part: "decision",
          what: `authorize, ${name} bindings`,
          ...figure(of("authorize", size), "µs"),
          ...toEmpty,
          ...atMost("P2", 5, "×", toEmpty.ratio),
        },
      ]
    }),
    { part: "decision", what: "authorize, 1 M bindings versus 1 k", ratio: growth, to: "1 k", ...atMost("P1", 1.3, "×", growth) },
  ]
}
