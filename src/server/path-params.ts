import { PdpError } from "../errors.js"

/**
 * What stands in a raw request target for the placeholders of a template, each percent-decoded once: the very segments that the policy looked at.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` when the target does not fit, or an escape is malformed
 */
export function pathParams(template: string, target: string): ReadonlyMap<string, string> {
  const wanted = template.split("/")
  const segments = (target.split("?", 1)[0] ?? "").split("/")
  if (wanted.length !== segments.length || wanted.some((part, at) => !part.startsWith("{") && part !== segments[at]))
    throw new PdpError("ERR_INPUT_INVALID", "the path is not written plainly; send it without needless escapes, empty or dot segments")
  return new Map(wanted.flatMap((part, at) => (part.startsWith("{") ? [[part.slice(1, -1), decoded(segments[at] ?? "")] as const] : [])))
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `'${segment.slice(0, 64)}' in the path is not UTF-8, percent-encoded`, { cause })
  }
}
