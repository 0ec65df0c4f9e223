import { z } from "zod"
import type { LogEvent } from "./event.js"

const pattern = z.string().min(1)

/** Which events are left out: those with everything that is named. */
export const DropFilter = z
  .strictObject({
    entrypoint: pattern.optional().describe("Such as `authz/has_role`; places in its result are meant, too."),
    principal: pattern.optional().describe("`service:<id>` or a person's id. A `*` at the end stands for anything."),
    method: pattern.optional(),
    path: pattern.optional().describe("The path without query. A `*` at the end stands for anything."),
    endpoint: pattern.optional().describe("The path template that matched; known of what is explained only."),
    allowed: z.boolean().optional(),
  })
  .refine((filter) => Object.keys(filter).length > 0, "must name something, or else everything is left out; `log: none` does that")
/** See {@link DropFilter}. */
export type DropFilter = Readonly<z.infer<typeof DropFilter>>

/** Is this event to be left out? */
export function isDropped(event: LogEvent, filters: readonly DropFilter[]): boolean {
  return filters.some((filter) => {
    const { entrypoint, principal, method, path, endpoint, allowed } = filter
    if (allowed !== undefined && event.allowed !== allowed) return false
    if (entrypoint !== undefined && !isAt(event.path, entrypoint)) return false
    if (endpoint !== undefined && event.endpoint !== endpoint) return false
    if (method !== undefined && inputText(event, "method") !== method) return false
    if (path !== undefined && !fits(inputText(event, "path"), path)) return false
    return principal === undefined || fits(inputText(event, "principal_id"), principal)
  })
}

/** A place in its result is asked of the entrypoint, too. */
function isAt(path: string | undefined, entrypoint: string): boolean {
  return path === entrypoint || (path?.startsWith(`${entrypoint}/`) ?? false)
}

function fits(text: string | undefined, wanted: string): boolean {
  if (text === undefined) return false
  return wanted.endsWith("*") ? text.startsWith(wanted.slice(0, -1)) : text === wanted
}

function inputText({ input }: LogEvent, name: string): string | undefined {
  if (typeof input !== "object" || input === null || !Object.hasOwn(input, name)) return undefined
  const value: unknown = Reflect.get(input, name)
  return typeof value === "string" ? value : undefined
}
