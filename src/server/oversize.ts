import type { ServerLimits } from "./limits.js"
import { refusal, type Refusal } from "../model/refusal.js"

/**
 * Finds what is too long in one question before anything walks through it: texts, lists, headers, segments of the path, and principals.
 * Values of a wrong type have no length; they are for the schema.
 *
 * @param place of the question, for messages
 * @returns 400 that names the member and the limit
 */
export function oversize(question: unknown, place: string, limits: ServerLimits): Refusal | undefined {
  if (typeof question !== "object" || question === null) return undefined
  const http = memberOf(memberOf(memberOf(question, "attributes"), "request"), "http")
  const headers = memberOf(http, "headers")
  return (
    tooManyGroups(question, headers, limits) ??
    tooLongIn(question, textNames, place, limits) ??
    tooManyIn(question, place, limits) ??
    tooManySegments(memberOf(question, "path"), `${place}.path`, limits) ??
    (http === undefined ? undefined : envoyOversize(http, headers, `${place}.attributes.request.http`, limits))
  )
}

const textNames = [
  "principal_id",
  "principal_email",
  "on_behalf_of_principal_id",
  "on_behalf_of_principal_email",
  "method",
  "path",
  "workspace",
  "role",
] as const
const httpNames = ["method", "path"] as const
const scopeHeaders = ["x-nmp-scopes", "X-NMP-Scopes"] as const
/** Ids and e-mails of the caller and the delegate. */
const idsAndEmails = 4

function envoyOversize(http: unknown, headers: unknown, place: string, limits: ServerLimits): Refusal | undefined {
  const names = typeof headers === "object" && headers !== null && !Array.isArray(headers) ? Object.keys(headers) : []
  return (
    tooLongIn(http, httpNames, place, limits) ??
    tooManySegments(memberOf(http, "path"), `${place}.path`, limits) ??
    tooLongIn(headers, names, `${place}.headers`, limits) ??
    tooManyScopes(headers, `${place}.headers`, limits)
  )
}

function tooLongIn(of: unknown, names: readonly string[], place: string, { textLength }: ServerLimits): Refusal | undefined {
  for (const name of names) {
    const value = memberOf(of, name)
    if (typeof value === "string" && value.length > textLength)
      return tooMuch(`${place}.${name.slice(0, 64)}`, value.length, "characters", textLength)
  }
  return undefined
}

function tooManyIn(question: object, place: string, limits: ServerLimits): Refusal | undefined {
  return (
    tooLongList(question, "permissions", limits.permissions, place, limits) ??
    tooLongList(question, "scopes", limits.scopes, place, limits) ??
    tooLongList(question, "principal_groups", limits.groups, place, limits) ??
    tooLongList(question, "on_behalf_of_principal_groups", limits.groups, place, limits)
  )
}

function tooLongList(question: object, name: string, most: number, place: string, { textLength }: ServerLimits): Refusal | undefined {
  const list = memberOf(question, name)
  if (!Array.isArray(list)) return undefined
  if (list.length > most) return tooMuch(`${place}.${name}`, list.length, "items", most)
  const long: unknown = list.find((item) => typeof item === "string" && item.length > textLength)
  return typeof long === "string" ? tooMuch(`an item of ${place}.${name}`, long.length, "characters", textLength) : undefined
}

/** Only what stands before the query is taken apart. */
function tooManySegments(path: unknown, place: string, { pathSegments }: ServerLimits): Refusal | undefined {
  if (typeof path !== "string") return undefined
  const queryAt = path.indexOf("?")
  const end = queryAt < 0 ? path.length : queryAt
  let segments = 0
  for (let at = path.indexOf("/"); at >= 0 && at < end; at = path.indexOf("/", at + 1)) segments++
  return segments > pathSegments ? tooMuch(place, segments, "segments", pathSegments) : undefined
}

function tooManyScopes(headers: unknown, place: string, { scopes: most }: ServerLimits): Refusal | undefined {
  for (const name of scopeHeaders) {
    const count = partsOf(memberOf(headers, name), " ")
    if (count > most) return tooMuch(`${place}.${name}`, count, "scopes", most)
  }
  return undefined
}

function tooManyGroups(question: object, headers: unknown, { groups, principals }: ServerLimits): Refusal | undefined {
  const caller = groupCount(question, "principal_groups", headers, "x-nmp-principal-groups", "X-NMP-Principal-Groups")
  const delegate = groupCount(
    question,
    "on_behalf_of_principal_groups",
    headers,
    "x-nmp-principal-on-behalf-of-groups",
    "X-NMP-Principal-On-Behalf-Of-Groups",
  )
  if (caller <= groups && delegate <= groups && caller + delegate + idsAndEmails <= principals) return undefined
  const sent = `${caller} groups of the caller and ${delegate} of the delegate`
  return refusal(400, "too_many_groups", `${sent}; send at most ${groups} of each, ${principals} principals in all: those that hold role bindings`)
}

function groupCount(question: object, member: string, headers: unknown, lowerCase: string, capitalised: string): number {
  const direct = memberOf(question, member)
  const counts = [lowerCase, capitalised].map((name) => partsOf(memberOf(headers, name), ","))
  return Math.max(Array.isArray(direct) ? direct.length : 0, ...counts)
}

function partsOf(list: unknown, separator: string): number {
  return typeof list === "string" && list !== "" ? list.split(separator).length : 0
}

function tooMuch(what: string, size: number, unit: string, most: number): Refusal {
  return refusal(400, "input_invalid", `${what} has ${size} ${unit}; send at most ${most}`)
}

/** Of parsed JSON; no name that is asked for is one of `Object.prototype`. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
}
