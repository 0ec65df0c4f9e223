import { z } from "zod"

/** Envoy's headers. Ambiguous ones are malformed: such as a service could take for one of ours, and we would not, or such as came twice. */
export const Headers = z.record(z.string(), z.string()).refine(areUnambiguous)

type Headers = z.infer<typeof Headers>

/** A header by its name without `x-nmp-`; a blank one is absent. */
export function headerOf(headers: Headers | undefined, name: string): string | undefined {
  const header = rawHeader(headers, name)
  return header?.trim() === "" ? undefined : header
}

/** Header absent: not restricted; blank: an empty set; `*`: not restricted. */
export function scopesHeader(headers: Headers | undefined): readonly string[] | undefined {
  const header = rawHeader(headers, "scopes")
  return header === undefined || header === "*" ? undefined : listOf(header, " ")
}

/** The items of a header that holds several. */
export function listOf(header: string | undefined, separator: string): readonly string[] {
  return (header ?? "")
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "")
}

const lists = ["principal-groups", "principal-on-behalf-of-groups"]
const others = [
  "principal-id",
  "principal-email",
  "principal-on-behalf-of",
  "principal-on-behalf-of-email",
  "scopes",
  "authorized",
  "internal",
  "origin-workspace",
]
const spellings = new Set([...lists, ...others].flatMap(spellingsOf))
const spellingsOfLists = new Set(lists.flatMap(spellingsOf))

function areUnambiguous(headers: Readonly<Record<string, string>>): boolean {
  const ours = Object.keys(headers).filter((name) => /^x[-_]nmp[-_]/i.test(name))
  const isOfOne = (name: string): boolean => spellings.has(name) && (spellingsOfLists.has(name) || headers[name]?.includes(",") === false)
  return ours.every(isOfOne) && new Set(ours.map((name) => name.toLowerCase())).size === ours.length
}

/** As Envoy writes them, in lower case or capitalised. */
function rawHeader(headers: Headers | undefined, name: string): string | undefined {
  const [lowerCase = "", capitalised = ""] = spellingsOf(name)
  return headers?.[lowerCase] ?? headers?.[capitalised]
}

function spellingsOf(name: string): readonly string[] {
  return [`x-nmp-${name}`, `X-NMP-${name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}`]
}
