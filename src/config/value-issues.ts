import type { z } from "zod"
import { nearest } from "../model/nearest.js"
import { formatOrigin, type ConfigIssue, type Given, type Origin } from "./given.js"
import type { Setting } from "./setting.js"

/** What is wrong with a value by itself: one issue for all of it, and one for each of its parts that is wrong. */
export function valueIssues(setting: Setting, given: Given, error: z.ZodError): readonly ConfigIssue[] {
  const byPlace = new Map<string, { readonly path: readonly PropertyKey[]; readonly problems: string[] }>()
  const issues: ConfigIssue[] = []
  for (const issue of error.issues.flatMap((one) => innermost(one, []))) {
    if (issue.code === "unrecognized_keys") issues.push(...issue.keys.map((key) => unknownMember(setting, given, [...issue.path, key])))
    else {
      const place = placeIn(setting.key, issue.path)
      const { problems } = byPlace.get(place) ?? { problems: [] }
      byPlace.set(place, { path: issue.path, problems: [...problems, inWords(issue)] })
    }
  }
  const wrong = [...byPlace].map(([place, { path, problems }]) => {
    const takes = path.length === 0 ? `; it takes: ${setting.takes}` : ""
    return `${formatOrigin(originOf(given, path))}: ${place}${shown(setting, at(given.value, path))}: ${problems.join(", ")}${takes}`
  })
  return [...wrong, ...issues]
}

/** Where a part of a value was set. */
export function originOf({ origin, originOf: partly }: Given, path: readonly PropertyKey[]): Origin {
  return path.length === 0 ? origin : (partly?.(path) ?? origin)
}

/** A part of a value by its name: `auth.oidc.additional_issuers[1].audience`. */
export function placeIn(key: string, path: readonly PropertyKey[]): string {
  return `${key}${path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")}`
}

/** The issues of the alternative that was most likely meant, with paths from the root of the value. */
function innermost(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): readonly z.core.$ZodIssue[] {
  const path = [...above, ...issue.path]
  if (issue.code !== "invalid_union") return [{ ...issue, path }]
  const meant = issue.errors.find((alternative) => !alternative.some(({ code, path: inner }) => code === "invalid_type" && inner.length === 0))
  return meant ? meant.flatMap((one) => innermost(one, path)) : [{ ...issue, path, message: "is neither a text nor an object" }]
}

function unknownMember({ key, members }: Setting, given: Given, path: readonly PropertyKey[]): ConfigIssue {
  const names = members.map(({ name }) => name)
  const near = nearest(String(path.at(-1)), names)
  const remedy = near === undefined ? `known are ${names.join(", ")}` : `did you mean '${near}'?`
  return `${formatOrigin(originOf(given, path))}: unknown key '${placeIn(key, path)}'; ${remedy}`
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return issue.origin === "string" ? "is empty" : `is less than ${issue.minimum}`
  if (issue.code === "too_big") return issue.origin === "string" ? `has more than ${issue.maximum} characters` : `is more than ${issue.maximum}`
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is missing"
  return issue.message.replace(/^Invalid (?:input|option): /, "")
}

function shown({ isSecret }: Setting, value: unknown): string {
  if (value === undefined) return ""
  return ` ${isSecret ? "(hidden)" : JSON.stringify(value).replace(/\/\/[^/@"]*@/g, "//(hidden)@")}`
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, part) : undefined), value)
}
