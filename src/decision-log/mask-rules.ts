import { z } from "zod"
import type { LogEvent } from "./event.js"

const place = z.string().regex(/^\/(?:input|result|nd_builtin_cache)(?:\/|$)/, "must begin with /input, /result or /nd_builtin_cache")

/** What is taken out of an event, or replaced: OPA's masks. A text is the place of what is removed. */
export const MaskRule = z.union([
  place,
  z.strictObject({ op: z.literal("remove"), path: place }),
  z.strictObject({ op: z.literal("upsert"), path: place, value: z.unknown() }),
])
/** See {@link MaskRule}. */
export type MaskRule =
  string | { readonly op: "remove"; readonly path: string } | { readonly op: "upsert"; readonly path: string; readonly value: unknown }

/**
 * Applies masks in turn. What is removed is listed in `erased`, what is replaced in `masked`; a place that is not there makes no difference, but
 * `upsert` makes the objects on the way.
 *
 * @see https://www.openpolicyagent.org/docs/management-decision-logs#masking-sensitive-data
 */
export function withMasks(event: LogEvent, rules: readonly MaskRule[]): LogEvent {
  let masked = event
  for (const rule of rules) masked = withMask(masked, typeof rule === "string" ? { op: "remove", path: rule } : rule)
  return masked
}

type PlainRule = Exclude<MaskRule, string>

function withMask(event: LogEvent, rule: PlainRule): LogEvent {
  const [root = "", ...parts] = rule.path.slice(1).split("/").map(decodedPart)
  if (root !== "input" && root !== "result" && root !== "nd_builtin_cache") return event
  const before = event[root]
  if (before === undefined) return event
  const after = rule.op === "remove" ? without(before, parts) : withValue(before, parts, rule.value)
  if (after === unchanged) return event
  const { [root]: _before, ...rest } = event
  const listed = rule.op === "remove" ? { erased: [...(event.erased ?? []), rule.path] } : { masked: [...(event.masked ?? []), rule.path] }
  return { ...rest, ...(after !== gone && { [root]: after }), ...listed }
}

const unchanged = Symbol("unchanged")
const gone = Symbol("gone")

/** RFC 6901; an OPA takes the parts as they are, which only makes a difference to names with a `~` in them. */
function decodedPart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~")
}

function without(value: unknown, [part, ...rest]: readonly string[]): unknown {
  if (part === undefined) return gone
  if (Array.isArray(value)) {
    const at = indexIn(value, part)
    if (at === undefined) return unchanged
    const after = without(value[at], rest)
    if (after === unchanged) return unchanged
    return after === gone ? value.toSpliced(at, 1) : value.with(at, after)
  }
  if (!isRecord(value) || !Object.hasOwn(value, part)) return unchanged
  const after = without(value[part], rest)
  if (after === unchanged) return unchanged
  const members = Object.entries(value)
  return Object.fromEntries(
    after === gone ? members.filter(([name]) => name !== part) : members.map(([name, member]) => [name, name === part ? after : member]),
  )
}

function withValue(value: unknown, [part, ...rest]: readonly string[], replacement: unknown): unknown {
  if (part === undefined) return replacement
  if (Array.isArray(value)) {
    const at = indexIn(value, part)
    const after = at === undefined ? unchanged : withValue(value[at], rest, replacement)
    return at === undefined || after === unchanged ? unchanged : value.with(at, after)
  }
  if (!isRecord(value)) return unchanged
  const after = withValue(Object.hasOwn(value, part) ? value[part] : {}, rest, replacement)
  return after === unchanged ? unchanged : Object.fromEntries([...Object.entries(value).filter(([name]) => name !== part), [part, after]])
}

function indexIn(list: readonly unknown[], part: string): number | undefined {
  return /^(?:0|[1-9]\d{0,8})$/.test(part) && Number(part) < list.length ? Number(part) : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
