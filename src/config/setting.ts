import { z } from "zod"
import { Config } from "./schema.js"

const MemberSchema = z.object({
  description: z.string().default(""),
  type: z.string().default("string"),
  takes: z.string().optional(),
  path: z.boolean().default(false),
})
const MembersSchema = z.record(z.string(), MemberSchema).optional()

const LeafSchema = z.object({
  type: z.enum(["string", "number", "integer", "boolean", "array", "object"]),
  description: z.string().default(""),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  path: z.boolean().default(false),
  secret: z.boolean().default(false),
  takes: z.string().optional(),
  items: z.object({ properties: MembersSchema, anyOf: z.array(z.object({ properties: MembersSchema })).optional() }).optional(),
})

/** One leaf of the configuration. */
export interface Setting {
  /** Dotted, for example `server.listen`. */
  readonly key: string
  readonly schema: z.ZodType
  readonly description: string
  readonly type: SettingType
  /** What it takes, for people: `strict | lenient | off`, `number, 0.1 to 300`. */
  readonly takes: string
  /** Absent: none. */
  readonly default?: unknown
  /** A file or a list of files. */
  readonly isPath: boolean
  /** Never printed. */
  readonly isSecret: boolean
  /** Of a list that may hold objects: their members. Else none. */
  readonly members: readonly Member[]
}

/** A member of an object in a list. */
export interface Member {
  readonly name: string
  readonly description: string
  /** As {@link Setting.takes}. */
  readonly takes: string
  /** A file. */
  readonly isPath: boolean
}

/** What a setting is in JSON. */
export type SettingType = z.infer<typeof LeafSchema>["type"]

/** Every setting by its key, in the order of the schema. */
export const settings: ReadonlyMap<string, Setting> = new Map(leaves(Config, "").map((setting) => [setting.key, setting]))

/** The environment variable of a setting: `server.listen` → `PORTCULLIS_SERVER__LISTEN`. */
export function environmentName(key: string): string {
  return `PORTCULLIS_${key.replaceAll(".", "__").toUpperCase()}`
}

/** True for `server`, `server.limits` and such: keys that hold other keys. */
export function isGroup(key: string): boolean {
  return [...settings.keys()].some((other) => other.startsWith(`${key}.`))
}

function leaves(schema: z.ZodType, key: string): readonly Setting[] {
  if (!(schema instanceof z.ZodObject)) return [setting(schema, key)]
  const entries: readonly (readonly [string, unknown])[] = Object.entries(schema.shape)
  return entries.flatMap(([name, inner]) => (inner instanceof z.ZodType ? leaves(inner, key === "" ? name : `${key}.${name}`) : []))
}

function setting(schema: z.ZodType, key: string): Setting {
  const leaf = LeafSchema.parse(z.toJSONSchema(schema, { io: "input" }))
  return {
    key,
    schema,
    description: leaf.description,
    type: leaf.type,
    takes: takes(leaf),
    ...(leaf.default === undefined ? {} : { default: leaf.default }),
    isPath: leaf.path,
    isSecret: leaf.secret,
    members: members(leaf),
  }
}

function members({ items }: z.infer<typeof LeafSchema>): readonly Member[] {
  const shapes = [items?.properties, ...(items?.anyOf ?? []).map(({ properties }) => properties)].flatMap((shape) => Object.entries(shape ?? {}))
  return shapes.map(([name, { description, type, takes, path }]) => ({
    name,
    description,
    isPath: path,
    takes: takes ?? (type === "array" ? "list of texts" : "text"),
  }))
}

function takes(leaf: z.infer<typeof LeafSchema>): string {
  if (leaf.takes !== undefined) return leaf.takes
  if (leaf.enum) return leaf.enum.join(" | ")
  if (leaf.type === "boolean") return "true | false"
  if (leaf.type === "array") return "list of texts"
  if (leaf.type === "object") return "texts by name"
  if (leaf.type === "string") return "text"
  const kind = leaf.type === "integer" ? "whole number" : "number"
  return leaf.minimum === undefined || leaf.maximum === undefined ? kind : `${kind}, ${leaf.minimum} to ${leaf.maximum}`
}
