import { z } from "zod"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { atMost, figure, type PartName, type Row } from "../row.js"
import { median } from "../statistics.js"

const rounds = 5

const Probe = z.object({ ms: z.number(), cpuMs: z.number(), stallMs: z.number(), residentMb: z.number(), heapMb: z.number() })
type Probe = z.infer<typeof Probe>

/**
 * P9 for one kind of source.
 *
 * @param size about a million
 * @param place the file or URL, where there is one
 */
export async function loadRows(part: PartName, kind: string, name: string, size: number, place = ""): Promise<readonly Row[]> {
  const loaded: Probe[] = []
  const read: Probe[] = []
  const script = new URL("./load-probe.js", import.meta.url)
  for (let round = 0; round < rounds; round++) {
    progress(`${part}: loading ${name}, round ${round + 1} of ${rounds}`)
    loaded.push(await probed(script, [kind, "load", String(size), place], Probe))
    read.push(await probed(script, [kind, "read", String(size), place], Probe))
  }
  const beyond = loaded.map(({ ms }, round) => (ms - (read[round]?.ms ?? 0)) / 1_000)
  const cpuBeyond = loaded.map(({ cpuMs }, round) => (cpuMs - (read[round]?.cpuMs ?? 0)) / 1_000)
  const added = loaded.map(({ residentMb, heapMb }) => Math.max(residentMb, heapMb))
  const stalls = loaded.map(({ stallMs }) => stallMs)
  const readSeconds = read.map(({ ms }) => ms / 1_000)
  const what = (of: string) => `1 M bindings ${name}, ${of}`
  return [
    { part, what: what("reading the source alone"), ...figure(readSeconds, "s") },
    { part, what: what("time beyond that"), ...figure(beyond, "s"), ...atMost("P9", 2, "s", median(beyond)) },
    { part, what: what("CPU beyond that"), ...figure(cpuBeyond, "s") },
    { part, what: what("memory added"), ...figure(added, "MB"), ...atMost("P9", 150, "MB", median(added)) },
    { part, what: what("longest stall"), ...figure(stalls, "ms"), ...atMost("P9", 20, "ms", median(stalls)) },
  ]
}
