import type { Question } from "../question.js"
import type { Random } from "../random.js"

/** The same question as Envoy would send it; some members may stay direct, and win, or stand in both places. A direct `null` is absent. */
export function inEnvoyShape(random: Random, direct: Question["input"]): Question["input"] {
  const spelled = random.pick<Spelling>(["lower-case", "lower-case", "capitalised", "mixed"])
  const headers: Record<string, string> = { ":authority": "localhost", "x-request-id": "1" }
  const rest: Record<string, unknown> = {}
  const http: Record<string, unknown> = { host: "localhost", headers }
  for (const [member, value] of Object.entries(direct)) {
    const moved = random.chance(0.9)
    const isTarget = member === "method" || member === "path"
    if (!moved || random.chance(0.05)) rest[member] = value
    else if (!isTarget && random.chance(0.08)) rest[member] = null
    if (!moved && random.chance(0.5)) continue
    if (isTarget) http[member] = moved ? value : "/elsewhere"
    else addHeader(random, headers, member, moved ? value : "someone", spelled)
  }
  return { ...rest, attributes: { request: { http } } }
}

type Spelling = "lower-case" | "capitalised" | "mixed"

const headerNames: Readonly<Record<string, string>> = {
  principal_id: "principal-id",
  principal_email: "principal-email",
  principal_groups: "principal-groups",
  on_behalf_of_principal_id: "principal-on-behalf-of",
  on_behalf_of_principal_email: "principal-on-behalf-of-email",
  on_behalf_of_principal_groups: "principal-on-behalf-of-groups",
  scopes: "scopes",
}

function addHeader(random: Random, headers: Record<string, string>, member: string, value: unknown, spelled: Spelling): void {
  const name = headerNames[member]
  const text = headerText(random, member, value)
  if (name === undefined || text === undefined) return
  const capitalised = name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
  const isLowerCase = spelled === "lower-case" || (spelled === "mixed" && random.chance(0.5))
  headers[isLowerCase ? `x-nmp-${name}` : `X-NMP-${capitalised}`] = text
  // No gateway writes it so, and nobody reads it.
  if (random.chance(0.03)) headers[`X-Nmp-${capitalised}`] = "service:indexer"
}

/** Blank headers are absent, but for scopes, where they are an empty set. A principal's id is never blank. */
function headerText(random: Random, member: string, value: unknown): string | undefined {
  if (member === "scopes" && (value === null || (Array.isArray(value) && value.length === 0)))
    return random.pick(value === null ? ["*"] : ["", " ", "  "])
  if (Array.isArray(value)) return value.join(member === "scopes" ? random.pick([" ", "  "]) : random.pick([",", ", ", " ,", ",,"]))
  if (member !== "principal_id" && (value === null || value === "")) return random.pick(["", " ", "\t", undefined])
  return typeof value === "string" ? value : undefined
}
