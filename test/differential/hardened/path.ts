import type { Endpoint } from "./endpoint.js"

/** The path of a raw request target: everything before the first `?`. Nothing is decoded. */
export function pathOf(target: string): string {
  const query = target.indexOf("?")
  return query < 0 ? target : target.slice(0, query)
}

/** Decision 14, but for the segment that becomes the workspace. */
export function isCanonical(path: string): boolean {
  if (!path.startsWith("/")) return false
  const segments = path.split("/").slice(1)
  return segments.every((segment, position) => (segment === "" ? position === segments.length - 1 : isCanonicalSegment(segment)))
}

/** The endpoint whose template is the most specific of those that match a canonical path. */
export function mostSpecific(endpoints: readonly Endpoint[], path: string): Endpoint | undefined {
  const given = path.split("/")
  let best: Endpoint | undefined
  for (const endpoint of endpoints) if (matches(endpoint, given) && (!best || isMoreSpecific(endpoint.template, best.template))) best = endpoint
  return best
}

/** The workspace that a template finds in a path; `undefined` when it names none. */
export function workspaceIn(template: string, path: string): string | undefined {
  const segments = template.split("/")
  const named = segments.findIndex((segment) => segment === "{workspace}" || segment === "{workspace_id}")
  const position = named >= 0 ? named : segments.findIndex((segment, at) => isPlaceholder(segment) && segments[at - 1] === "workspaces")
  return position < 0 ? undefined : path.split("/")[position]
}

/** At or under one of these paths, at a segment's boundary. */
export function isUnder(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
}

function isCanonicalSegment(segment: string): boolean {
  if (segment === "." || segment === "..") return false
  if (!/^[\x21-\x7e]+$/.test(segment) || /[\\;#]/.test(segment)) return false
  return segment.split("%").slice(1).every(isCanonicalEscape)
}

/** @param text what follows the `%` */
function isCanonicalEscape(text: string): boolean {
  if (!/^[0-9A-Fa-f]{2}/.test(text)) return false
  const byte = Number.parseInt(text.slice(0, 2), 16)
  const isControl = byte < 0x20 || byte === 0x7f
  return !isControl && !/[/\\.;%A-Za-z0-9\-_~]/.test(String.fromCharCode(byte))
}

function matches({ template, segments: wanted }: Endpoint, given: readonly string[]): boolean {
  const isLongEnough = given.length === wanted.length || (given.length > wanted.length && isTrailing(template))
  if (!isLongEnough) return false
  if (!wanted.every((segment, position) => (isPlaceholder(segment) ? given[position] !== "" : given[position] === segment))) return false
  return given.slice(wanted.length).every((segment) => segment !== "")
}

/** More literal segments first, then a fixed number of segments. */
function isMoreSpecific(template: string, other: string): boolean {
  const more = literals(template) - literals(other)
  return more > 0 || (more === 0 && !isTrailing(template) && isTrailing(other))
}

function literals(template: string): number {
  return template.split("/").filter((segment) => !isPlaceholder(segment)).length
}

/** The last placeholder stands for one or more segments: it follows a segment `-`. */
function isTrailing(template: string): boolean {
  return /\/-\/\{[^/]*\}$/.test(template)
}

function isPlaceholder(segment: string): boolean {
  return segment.startsWith("{")
}
