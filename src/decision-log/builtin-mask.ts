import { withoutQuery } from "./entry.js"
import { scrubbed, withoutTokens, type Scrubbed } from "./scrub.js"

/**
 * What may be kept of a policy input. Of the product's entrypoints (`authz/…`): who asks, what, where, with which scopes, and of the request its
 * method, its path without query, and its host; who is named in headers is kept by name instead. Of others: {@link scrubbed}.
 */
export function maskedInput(entrypoint: string, input: unknown): Scrubbed {
  if (!isOwn(entrypoint) || !isRecord(input)) return scrubbed(input, "/input")
  return { value: ownInput(input), erased: [] }
}

/** The same of a result. */
export function maskedResult(entrypoint: string, result: unknown): Scrubbed {
  if (!isOwn(entrypoint) || !isRecord(result)) return scrubbed(result, "/result")
  const kept = Object.entries(result).filter(([name]) => resultMembers.has(name))
  return scrubbed(Object.fromEntries(kept), "/result")
}

function isOwn(entrypoint: string): boolean {
  return entrypoint === "authz" || entrypoint.startsWith("authz/")
}

const mostRequests = 1_000
const resultMembers: ReadonlySet<string> = new Set(
  "allowed has_role reasons rule endpoint method workspace caller missing_permissions required_scopes scopes_presented".split(" "),
)
const textMembers = ["principal_id", "principal_email", "on_behalf_of_principal_id", "on_behalf_of_principal_email", "method", "workspace", "role"]
const listMembers = ["principal_groups", "on_behalf_of_principal_groups", "scopes", "permissions"]
const headersOfMembers: readonly (readonly [string, string])[] = [
  ["principal_id", "x-nmp-principal-id"],
  ["principal_email", "x-nmp-principal-email"],
  ["principal_groups", "x-nmp-principal-groups"],
  ["on_behalf_of_principal_id", "x-nmp-principal-on-behalf-of"],
  ["on_behalf_of_principal_email", "x-nmp-principal-on-behalf-of-email"],
  ["on_behalf_of_principal_groups", "x-nmp-principal-on-behalf-of-groups"],
  ["scopes", "x-nmp-scopes"],
]

function ownInput(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = new Map<string, unknown>()
  for (const name of textMembers) keep(kept, name, textOf(input[name]))
  for (const name of listMembers) keep(kept, name, textsOf(input[name]))
  keep(kept, "path", pathOf(input["path"]))
  if (typeof input["effective"] === "boolean") kept.set("effective", input["effective"])
  const http = memberOf(memberOf(input["attributes"], "request"), "http")
  if (isRecord(http)) keepEnvoy(kept, http)
  const requests = input["requests"]
  if (Array.isArray(requests))
    kept.set(
      "requests",
      requests.slice(0, mostRequests).map((one: unknown) => (isRecord(one) ? ownInput(one) : null)),
    )
  return Object.fromEntries(kept)
}

/** Direct members win, as in the policy. */
function keepEnvoy(kept: Map<string, unknown>, http: Readonly<Record<string, unknown>>): void {
  const { headers } = http
  if (isRecord(headers)) {
    const lowered = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    for (const [member, header] of headersOfMembers) {
      if (kept.has(member)) continue
      const text = textOf(lowered.get(header))
      keep(kept, member, listMembers.includes(member) && text !== undefined ? listIn(text) : text)
    }
  }
  const request = new Map<string, unknown>()
  keep(request, "method", textOf(http["method"]))
  keep(request, "path", pathOf(http["path"]))
  keep(request, "host", textOf(http["host"]))
  kept.set("attributes", { request: { http: Object.fromEntries(request) } })
}

function listIn(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
}

function keep(kept: Map<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) kept.set(name, value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? withoutTokens(value) : undefined
}

function pathOf(value: unknown): string | undefined {
  return typeof value === "string" ? withoutTokens(withoutQuery(value)) : undefined
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.filter((item) => typeof item === "string").map(withoutTokens)
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
