import { z } from "zod"
import { placeList, type SqlValue } from "../database/index.js"
import { parseInput } from "./names.js"

const longest = 320
const most = 100
const Text = z
  .string()
  .max(longest)
  .refine((text) => !text.includes("\0"), "must hold no NUL")
const Texts = z.union(
  [
    z.array(Text).min(1).max(most),
    z
      .string()
      .transform((list) => list.split(","))
      .pipe(z.array(Text).max(most)),
  ],
  {
    error: `must be a list of at most ${most} texts, or one text with commas between them`,
  },
)

/** How a text can be compared. `$like`: holds it, upper and lower case aside. */
export const TextOperators = z.strictObject({ $eq: Text.optional(), $like: Text.optional(), $in: Texts.optional(), $nin: Texts.optional() })

/** What a text must be: equal to this one, or what the operators say. */
export const TextFilter = z.union([Text, TextOperators], { error: "must be a text, or an object with $eq, $like, $in or $nin" })
type TextFilter = z.output<typeof TextFilter>

const Moment = z
  .string()
  .refine((text) => Number.isFinite(momentOf(text)), "must be a time such as 2030-01-31T12:00:00Z; without a zone it is UTC")
  .transform((text) => new Date(momentOf(text)).toISOString())

/** Between which times, both included. */
export const TimeFilter = z.strictObject({
  gte: Moment.optional(),
  lte: Moment.optional(),
  $gte: Moment.optional(),
  $lte: Moment.optional(),
})
type TimeFilter = z.output<typeof TimeFilter>

/** Which workspaces or entities are wanted. */
export const NameFilter = z.strictObject({ name: TextFilter.optional() })
export type NameFilter = z.input<typeof NameFilter>

/** A part of a `WHERE`. */
export interface Condition {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** @param column ours, never a caller's */
export function textConditions(column: string, filter: TextFilter | undefined): readonly Condition[] {
  if (filter === undefined) return []
  if (typeof filter === "string") return [equal(column, filter)]
  const { $eq, $like, $in, $nin } = filter
  return [
    ...($eq === undefined ? [] : [equal(column, $eq)]),
    ...($like === undefined ? [] : [{ text: `lower(${column}) LIKE lower(?) ESCAPE '!'`, values: [`%${$like.replace(/[%_!]/g, "!$&")}%`] }]),
    ...($in === undefined ? [] : [{ text: `${column} IN ${placeList($in)}`, values: $in }]),
    ...($nin === undefined ? [] : [{ text: `${column} NOT IN ${placeList($nin)}`, values: $nin }]),
  ]
}

/** @param column holds milliseconds since the epoch */
export function timeConditions(column: string, filter: TimeFilter = {}): readonly Condition[] {
  const from = [filter.gte, filter.$gte].filter((text) => text !== undefined)
  const to = [filter.lte, filter.$lte].filter((text) => text !== undefined)
  return [
    ...from.map((text) => ({ text: `${column} >= ?`, values: [Date.parse(text)] })),
    ...to.map((text) => ({ text: `${column} <= ?`, values: [Date.parse(text)] })),
  ]
}

/** `WHERE` all of them hold; empty when there are none. */
export function whereAll(conditions: readonly Condition[]): Condition {
  const text = conditions.length === 0 ? "" : `WHERE ${conditions.map((one) => one.text).join(" AND ")}`
  return { text, values: conditions.flatMap(({ values }) => values) }
}

/**
 * A filter that a schema accepts.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function parseFilter<Schema extends z.ZodType>(schema: Schema, filter: unknown): z.output<Schema> {
  return parseInput(schema, filter, "the filter")
}

function equal(column: string, value: string): Condition {
  return { text: `${column} = ?`, values: [value] }
}

const moment = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|z|[+-]\d\d:\d\d)?)?$/

function momentOf(text: string): number {
  const match = moment.exec(text)
  if (!match) return Number.NaN
  const isDate = text.length === "2030-01-31".length
  return Date.parse(isDate || match[1] !== undefined ? text : `${text}Z`)
}
