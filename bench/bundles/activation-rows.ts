import { z } from "zod"
import type { Extent } from "../extent.js"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { figure, type Row } from "../row.js"

const Step = z.object({ ms: z.number(), stallMs: z.number() })
const Probe = z.object({ first: Step, next: Step, addedMb: z.number() })

/** What it takes until a bundle decides in a PDP of our own. @param folder holds `before.tar.gz` and `after.tar.gz` */
export async function activationRows(kind: "own" | "wasm", what: string, { isQuick }: Extent, folder: string): Promise<readonly Row[]> {
  const probes: z.infer<typeof Probe>[] = []
  const rounds = isQuick ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    progress(`bundles: activating ${what}, round ${round + 1} of ${rounds}`)
    probes.push(await probed(new URL("./activation-probe.js", import.meta.url), [kind, folder], Probe))
  }
  const row = (of: string, values: readonly number[], unit: string): Row => ({ part: "bundles", what: `${what}, ${of}`, ...figure(values, unit) })
  return [
    row(
      "read until it decides",
      probes.map(({ first }) => first.ms),
      "ms",
    ),
    row(
      "the next one with 1 change, read until it decides",
      probes.map(({ next }) => next.ms),
      "ms",
    ),
    row(
      "the next one, longest stall",
      probes.map(({ next }) => next.stallMs),
      "ms",
    ),
    row(
      "memory added",
      probes.map(({ addedMb }) => addedMb),
      "MB",
    ),
  ]
}
