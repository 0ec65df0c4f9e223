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
  addFurther(random, headers)
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
  const isLowerCase = spelled === "lower-case" || (spelled === "mixed" && random.chance(0.5))
  headers[isLowerCase ? `x-nmp-${name}` : capitalised(name)] = text
}

/** Blank headers are absent, but for scopes, where they are an empty set. */
function headerText(random: Random, member: string, value: unknown): string | undefined {
  if (member === "scopes" && (value === null || (Array.isArray(value) && value.length === 0)))
    return random.pick(value === null ? ["*"] : ["", " ", "  "])
  if (Array.isArray(value)) return value.join(member === "scopes" ? random.pick([" ", "  "]) : random.pick([",", ", ", " ,", ",,"]))
  if (value === null || value === "") return random.pick(["", " ", "\t", undefined])
  return typeof value === "string" ? value : undefined
}

/** Headers that say nothing, and now and then such as are ambiguous: spelt otherwise, in two ways, sent twice, unknown. */
function addFurther(random: Random, headers: Record<string, string>): void {
  if (random.chance(0.1)) headers[random.pick(notRead)] = random.pick(["true", "", "ml"])
  if (random.chance(0.1)) headers[random.pick(alike)] = "ann@example.com, ops"
  if (!random.chance(0.08)) return
  const name = random.pick(Object.values(headerNames))
  const text = random.pick(["", "*", "service:indexer", "ann@example.com", "platform:read"])
  const spelling = random.pick([
    `x-nmp-${name}`,
    capitalised(name),
    `X-Nmp-${name}`,
    `x_nmp_${name.replaceAll("-", "_")}`,
    `x-nmp_${name}`,
    `x-nmp-${name}s`,
  ])
  headers[spelling] = spelling in headers ? `${headers[spelling]},${text}` : text
}

function capitalised(name: string): string {
  return `X-NMP-${name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())}`
}

const notRead = ["x-nmp-authorized", "X-NMP-Authorized", "X-NMP-Internal", "x-nmp-origin-workspace"]
const alike = ["x-nmpscopes", "x-np-scopes", "nmp-scopes", "X-Request-Id", "X_Other"]
