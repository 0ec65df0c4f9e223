import { valuesOf } from "./raw-answer.js"
import type { RawReply } from "./raw-client.js"

/**
 * Where a redirect leads, when that is the same resource of the same gateway under another spelling: following it gives what it leads to, so that this
 * must be closed, too. Undefined for anything else, a page to log in included.
 */
export function otherSpelling(reply: RawReply, origin: URL, path: string): string | undefined {
  if ("lost" in reply || reply.status < 300 || reply.status >= 400) return undefined
  const [location = ""] = valuesOf(reply, "location")
  const target = URL.canParse(location, origin.origin) ? new URL(location, origin) : undefined
  if (target?.host !== origin.host) return undefined
  const spelling = `${target.pathname}${target.search}`
  return spelling !== path && tidied(spelling) === tidied(path) ? spelling : undefined
}

/** A path as the most lenient of routers reads it. */
function tidied(path: string): string {
  const segments: string[] = []
  for (const segment of unescaped(unescaped(path.split(/[?#]/)[0] ?? ""))
    .replaceAll("\\", "/")
    .toLowerCase()
    .split("/")) {
    const name = segment.replace(/;.*$/, "")
    if (name === "..") segments.pop()
    else if (name.replace(/[.\s\0]+$/, "") !== "") segments.push(name.replace(/[.\s\0]+$/, ""))
  }
  return segments.join("/")
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
