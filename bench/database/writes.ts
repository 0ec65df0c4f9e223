import { z } from "zod"
import { probed } from "../probe.js"
import { progress } from "../progress.js"
import { figure, ratio, type Row } from "../row.js"
import type { Place } from "./place.js"

const rounds = 5

const Probe = z.object({
  one: z.array(z.number()),
  sixteen: z.array(z.number()),
  bare: z.array(z.number()),
  beforeMb: z.number(),
  afterMb: z.number(),
  grants: z.number(),
})

/** How many members one process grants a second beside a million bindings, and what memory that takes. */
export async function writeRows({ kind, at, name, durability }: Place): Promise<readonly Row[]> {
  progress(`database: writing, ${name}`)
  const found = await probed(new URL("./writes-probe.js", import.meta.url), [kind, at, String(rounds)], Probe)
  const toBare = (values: readonly number[]) => ratio(values, found.bare, "the smallest transaction")
  return [
    { part: "database", what: `${name}, the smallest transaction: one row, one commit`, note: durability, ...figure(found.bare, "per s") },
    { part: "database", what: `${name}, members.create, 1 caller`, note: durability, ...figure(found.one, "per s"), ...toBare(found.one) },
    {
      part: "database",
      what: `${name}, members.create, 16 callers at once`,
      note: durability,
      ...figure(found.sixteen, "per s"),
      ...toBare(found.sixteen),
    },
    {
      part: "database",
      what: `${name}, resident memory of that process, 1 M bindings, after ${found.grants.toLocaleString("en-US")} writes`,
      value: found.afterMb,
      unit: "MB",
      ratio: found.afterMb / found.beforeMb,
      to: `${Math.round(found.beforeMb)} MB before`,
    },
  ]
}
