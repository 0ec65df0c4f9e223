import { z } from "zod"
import { probed } from "../probe.js"
import { atMost, figure, type PartName, type Row } from "../row.js"
import { median } from "../statistics.js"

const Refreshed = z.object({ cpuMs: z.array(z.number()), latencyMs: z.array(z.number()), stallMs: z.array(z.number()) })
type Refreshed = Readonly<z.infer<typeof Refreshed>>

/** Measures some changes of one kind of source. @param place the file or URL, where there is one */
export function refreshed(kind: string, size: number, changes: number, place = ""): Promise<Refreshed> {
  return probed(new URL("./refresh-probe.js", import.meta.url), [kind, String(size), String(changes), place], Refreshed)
}

/** P10. */
export function refreshRows(part: PartName, how: string, { cpuMs, stallMs }: Refreshed): readonly Row[] {
  const what = `1 change of 1 M ${how}`
  return [
    { part, what: `${what}, CPU`, ...figure(cpuMs, "ms"), ...atMost("P10", 1, "ms", median(cpuMs)) },
    { part, what: `${what}, longest stall`, ...figure(stallMs, "ms") },
  ]
}
