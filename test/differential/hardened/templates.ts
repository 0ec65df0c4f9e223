import type { Random } from "../random.js"

/** Path templates that may stand together in one document: some share paths, none with equal rank. */
export function randomTemplates(random: Random, count: number): readonly string[] {
  const templates: string[] = []
  for (let attempt = 0; attempt < 8 * count && templates.length < count; attempt++) {
    const template = templates.length > 0 && random.chance(0.4) ? varied(random, random.pick(templates)) : fresh(random)
    if (isPlain(template) && !templates.some((other) => isAmbiguous(template, other))) templates.push(template)
  }
  return templates
}

const literals = ["apis", "models", "workspaces", "v2", "files", "a", "a.b", "M", "-", "x~y"]
const names = ["name", "id", "kind", "workspace", "workspace_id"]

function fresh(random: Random): string {
  if (random.chance(0.03)) return random.pick(["/", "/{name}", "/workspaces", "/{workspace}"])
  const beginning = random.pick([["apis"], ["apis", "models"], ["models"], ["workspaces", "{workspace}"], ["apis", "workspaces", "{ws}"]])
  const middle = Array.from({ length: random.int(4) }, () => (random.chance(0.4) ? `{${random.pick(names)}}` : random.pick(literals)))
  const end = random.pick([[], [], [], ["-", "{rest}"], ["-", "v1", "{name}"], ["workspaces", "{ws}"], ["workspaces", "{ws}", "files"]])
  return `/${[...beginning, ...middle, ...end].join("/")}`
}

/** The same with one segment replaced, added or removed: a neighbour. */
function varied(random: Random, template: string): string {
  const segments = template.split("/").slice(1)
  const at = random.int(segments.length)
  const other = random.chance(0.5) ? `{${random.pick(names)}}` : random.pick(literals)
  if (random.chance(0.6)) return `/${segments.with(at, other).join("/")}`
  return `/${(random.chance(0.5) ? [...segments, other] : segments.slice(0, -1)).join("/")}`
}

/** What the format takes, and where its text says which segment is the workspace and which part trails. */
function isPlain(template: string): boolean {
  const segments = template.split("/").slice(1)
  const placeholders = segments.filter(isPlaceholder)
  if (segments.includes("") && template !== "/") return false
  if (new Set(placeholders).size < placeholders.length) return false
  if (placeholders.includes("{workspace}") && placeholders.includes("{workspace_id}")) return false
  const named = placeholders.some((name) => name.startsWith("{workspace"))
  if (!named && segments.filter((segment, at) => isPlaceholder(segment) && segments[at - 1] === "workspaces").length > 1) return false
  if (segments[0] === "-") return false
  const separator = segments.findIndex((segment, at) => segment === "-" && isPlaceholder(segments[at + 1]))
  if (separator < 0) return true
  return separator === segments.indexOf("-") && separator === segments.length - 2 && !segments.at(-1)?.startsWith("{workspace")
}

/** Equal rank, and a path that both match. */
function isAmbiguous(one: string, other: string): boolean {
  return rank(one) === rank(other) && overlap(one, other)
}

function rank(template: string): number {
  const literal = template.split("/").filter((segment) => !isPlaceholder(segment)).length
  return 2 * literal + (isTrailing(template) ? 0 : 1)
}

/** Past a trailing placeholder everything is met. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split("/"), other.split("/")]
  const lengthsFit = a.length === b.length || isTrailing(a.length < b.length ? one : other)
  return lengthsFit && a.every((segment, at) => at >= b.length || segment === b[at] || isPlaceholder(segment) || isPlaceholder(b[at]))
}

function isTrailing(template: string): boolean {
  return /\/-\/\{[^/]*\}$/.test(template)
}

function isPlaceholder(segment: string | undefined): boolean {
  return segment?.startsWith("{") === true
}
