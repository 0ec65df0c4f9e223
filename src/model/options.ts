import { z } from "zod"
import { PdpError } from "../errors.js"
import { nearest } from "./nearest.js"

/**
 * Checks the options of a public function, which may come from JavaScript: every key is known, every value is of its type.
 *
 * @param of the function, for messages
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option, what is wrong with it, and the known one that is nearest to an unknown one; never a value
 */
export function checkOptions(of: string, schema: z.ZodObject, options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new PdpError("ERR_CONFIG_INVALID", `${of} takes its options as an object, and got ${kindOf(options)}; known are ${listed(schema)}`)
  const checked = schema.safeParse(options)
  if (checked.success) return
  const [issue] = checked.error.issues
  if (issue) throw new PdpError("ERR_CONFIG_INVALID", `${of}: ${issueText(issue, schema)}`)
}

/** A function, for schemas of options. */
export const aFunction = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", "must be a function")

function issueText(issue: z.core.$ZodIssue, schema: z.ZodObject): string {
  const place = issue.path.map(String).join(".")
  if (issue.code !== "unrecognized_keys") return `the option '${place}' is wrong: ${issue.message}`
  const [unknown = ""] = issue.keys
  if (place !== "") return `the option '${place}' has no member '${unknown}'`
  const near = nearest(unknown, Object.keys(schema.shape))
  return `there is no option '${unknown}'; ${near === undefined ? `known are ${listed(schema)}` : `did you mean '${near}'?`}`
}

function listed(schema: z.ZodObject): string {
  return Object.keys(schema.shape).join(", ")
}

function kindOf(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "a list" : typeof value
}
