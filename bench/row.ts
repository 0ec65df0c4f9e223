import { z } from "zod"
import { ratioOf, summaryOf } from "./statistics.js"

/** The parts of the benchmark. */
export const partNames = ["decision", "http", "authn", "load", "refresh", "propagation", "database", "bundles", "gateways"] as const
export type PartName = (typeof partNames)[number]

/** A number that a row must reach, and whether it did. */
const Target = z.object({
  name: z.string().describe("`P1`, …: see bench/README.md."),
  text: z.string().describe("For example `≤ 1.3 ×`."),
  met: z.boolean(),
})
type Target = Readonly<z.infer<typeof Target>>

/** One line of the table. */
export const Row = z.object({
  part: z.enum(partNames),
  what: z.string(),
  value: z.number().exactOptional().describe("Median over the rounds, in `unit`. Absent: there is only a ratio or a note."),
  unit: z.string().exactOptional(),
  low: z.number().exactOptional().describe("First quartile of the rounds."),
  high: z.number().exactOptional().describe("Third quartile."),
  ratio: z.number().exactOptional(),
  to: z.string().exactOptional().describe("What the ratio is to."),
  target: Target.exactOptional(),
  note: z.string().exactOptional(),
})
export type Row = Readonly<z.infer<typeof Row>>

/** A figure: what was measured, one number a round. */
export function figure(values: readonly number[], unit: string): Pick<Row, "value" | "unit" | "low" | "high"> {
  const { median, low, high } = summaryOf(values)
  return { value: median, unit, low, high }
}

/** A ratio to something measured in the same rounds. */
export function ratio(values: readonly number[], toValues: readonly number[], to: string): { readonly ratio: number; readonly to: string } {
  return { ratio: ratioOf(values, toValues), to }
}

/** At most that much. */
export function atMost(name: string, limit: number, unit: string, value: number): { readonly target: Target } {
  return { target: { name, text: `≤ ${limit} ${unit}`, met: value <= limit } }
}

/** At least that much. */
export function atLeast(name: string, limit: number, unit: string, value: number): { readonly target: Target } {
  return { target: { name, text: `≥ ${limit} ${unit}`, met: value >= limit } }
}
