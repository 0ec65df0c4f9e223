import type { Random } from "../random.js"

/** A request target for a template: usually one of its paths, often a near miss. */
export function randomTarget(random: Random, template: string, workspace: string): string {
  const segments = template.split("/").slice(1)
  const filled = segments.map((segment, at) => (segment.startsWith("{") ? fill(random, segment, segments[at - 1], workspace) : segment))
  const trailing = /\/-\/\{[^/]*\}$/.test(template) ? Array.from({ length: random.int(3) }, () => randomSegment(random)) : []
  const path = `/${[...filled, ...trailing].join("/")}`
  const missed = random.chance(0.2) ? missing(random, path) : path
  return random.chance(0.15) ? `${missed}?${random.pick(["", "a=b", "a=/../b", "x#y", "?", "é"])}` : missed
}

function fill(random: Random, placeholder: string, before: string | undefined, workspace: string): string {
  const isWorkspace = placeholder.startsWith("{workspace") || before === "workspaces"
  return isWorkspace || random.chance(0.05) ? workspace : randomSegment(random)
}

function randomSegment(random: Random): string {
  return random.pick(random.chance(0.8) ? plainSegments : oddSegments)
}

/** Literals of templates among them, so that a more specific one may win. */
const plainSegments = ["llama", "x", "a", "v1", "v2", "models", "files", "a.b", "a%20b", "x~y", "x:y", "-", "M"]
const oddSegments = [
  "!$&'()*+,=@:",
  "~_.",
  "...",
  '<>"[]^`{|}',
  "%C3%A9",
  "%ff",
  "%3f%3F%40",
  "%20",
  "%7b",
  "é",
  "a b",
  "a#b",
  "a;b",
  "a\\b",
  "\u007f",
  "\t",
  ".",
  "..",
  "",
  "%",
  "%2",
  "%2g",
  "%+1",
  "a%",
  "%2F",
  "%2f",
  "%5C",
  "%5c",
  "%2E",
  "%2e%2e",
  "%3B",
  "%25",
  "%2541",
  "%41",
  "%7a",
  "%7E",
  "%2D",
  "%5F",
  "%30",
  "%00",
  "%1F",
  "%7F",
  "%é0",
  "%²0",
]

/** Something that is nearly this path. */
function missing(random: Random, path: string): string {
  const at = random.int(path.length)
  switch (random.int(10)) {
    case 0:
      return `${path}/`
    case 1:
      return `${path}//`
    case 2:
      return `/${path}`
    case 3:
      return path.slice(1)
    case 4:
      return path.slice(0, path.lastIndexOf("/"))
    case 5:
      return `${path}/${randomSegment(random)}`
    case 6:
      return path.slice(0, at) + random.pick(["%2F", ";", "..", "/./", "/../", "#", " ", "%", "é", "\\", "?"]) + path.slice(at)
    case 7:
      return path.slice(0, at) + path.slice(at).toUpperCase()
    case 8:
      return path.slice(0, at) + encoded(path.charAt(at)) + path.slice(at + 1)
    default:
      return random.pick(["", "/", "//", "*", "?", "/?", "http://localhost/apis", "/apis", "/apis/models", "/health/live", "/status", "/nowhere"])
  }
}

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`
}
