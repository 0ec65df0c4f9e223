import { z } from "zod"
import type { Extent } from "../extent.js"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { figure, type Row } from "../row.js"
import { median } from "../statistics.js"
import type { Size } from "./sizes.js"

const Step = z.object({ ms: z.number(), stallMs: z.number() })
type Step = Readonly<z.infer<typeof Step>>
const Probe = z.object({ idle: Step, first: Step, again: Step, apart: Step, megabytes: z.number() })

/** What it takes to build bundles, and for how long that holds up decisions. @param folder gets `before.tar.gz`, `after.tar.gz`, `key.pem` */
export async function buildRows({ count, name }: Size, { isQuick }: Extent, folder: string): Promise<readonly Row[]> {
  const probes: z.infer<typeof Probe>[] = []
  const rounds = isQuick ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    progress(`bundles: building, ${name} bindings, round ${round + 1} of ${rounds}`)
    probes.push(await probed(new URL("./build-probe.js", import.meta.url), [String(count), folder], Probe))
  }
  const of = (step: Exclude<keyof z.infer<typeof Probe>, "megabytes">): readonly Step[] => probes.map((probe) => probe[step])
  const size = `${median(probes.map(({ megabytes }) => megabytes)).toFixed(1)} MB`
  const idle = `${median(of("idle").map(({ stallMs }) => stallMs)).toFixed(1)} ms while nothing is done`
  return [
    ...rowsOf(`signed bundle of ${name} bindings, built for the first time`, of("first"), size, idle),
    ...rowsOf(`signed bundle of ${name} bindings, built again after 1 change`, of("again")),
    ...rowsOf(`signed bundles in 16 parts of ${name} bindings, built again after 1 change`, of("apart")),
  ]
}

function rowsOf(what: string, steps: readonly Step[], size?: string, idle?: string): readonly Row[] {
  const noted = (note: string | undefined): Pick<Row, "note"> => (note === undefined ? {} : { note })
  return [
    { part: "bundles", what, ...noted(size), ...figure(numbers(steps, "ms"), "ms") },
    { part: "bundles", what: `${what}, longest stall`, ...noted(idle), ...figure(numbers(steps, "stallMs"), "ms") },
  ]
}

function numbers(steps: readonly Step[], member: keyof Step): readonly number[] {
  return steps.map((step) => step[member])
}
