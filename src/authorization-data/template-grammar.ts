import { isPlaceholder } from "./path-template.js"

/** What is wrong with a path template and what to do, or `undefined`. */
export interface TemplateFault {
  readonly message: string
  readonly remedy: string
}

/** Checks a path template: only canonical paths (`docs/policy.md`) ever match, so a template must be able to be one. */
export function templateFault(template: string): TemplateFault | undefined {
  const [before, ...segments] = template.split("/")
  if (before !== "") return { message: "does not begin with '/'", remedy: `write '/${template}'` }
  if (template === "/") return undefined
  if (segments.includes("")) return { message: "has an empty segment, which no canonical path has", remedy: "remove the double or last slash" }
  const faulty = segments.map(segmentFault).find((fault) => fault !== undefined)
  return faulty ?? placeholderFault(segments)
}

/** Checks a denied prefix: literal canonical segments that can be spelled in one way only, no slash at the end. */
export function prefixFault(prefix: string): TemplateFault | undefined {
  if (prefix === "" || prefix === "/") return { message: "would deny every path", remedy: "name the part that is to be denied, such as /apis/jobs" }
  const fault = templateFault(prefix)
  if (fault) return fault
  if (prefix.includes("{")) return { message: "has a placeholder", remedy: "write the literal beginning only" }
  if (/^[A-Za-z0-9\-._~/]+$/.test(prefix)) return undefined
  return { message: "has characters that a path may also write as %XX, and so get around it", remedy: "deny the part before them" }
}

function segmentFault(segment: string): TemplateFault | undefined {
  if (isPlaceholder(segment)) {
    if (/^\{[A-Za-z_][A-Za-z0-9_-]*\}$/.test(segment)) return undefined
    return { message: `has the placeholder '${segment}'`, remedy: "write a plain name in braces, such as {name}" }
  }
  if (/[{}]/.test(segment))
    return { message: `has a placeholder inside the segment '${segment}'`, remedy: "let the placeholder be the whole segment: /{name}/" }
  if (segment === "." || segment === "..") return { message: `has the segment '${segment}'`, remedy: "write the path without it" }
  if (segment.includes("?")) return { message: "has a query", remedy: "remove everything from the '?' on: only the path is matched" }
  if (!/^(?:[!"$&-:<-[\]-z|~]|%[0-9A-Fa-f]{2})+$/.test(segment))
    return {
      message: `has the segment '${segment}', which is not canonical`,
      remedy: "write printable ASCII without # ; \\ and spaces; encode the rest as %XX",
    }
  if (hasNeedlessEscape(segment))
    return {
      message: `has the segment '${segment}', which is not canonical`,
      remedy: "write escaped letters, digits, - _ ~ . plainly; / \\ ; % and control bytes cannot be matched",
    }
  return undefined
}

function hasNeedlessEscape(segment: string): boolean {
  return [...segment.matchAll(/%([0-9A-Fa-f]{2})/g)].some(([, digits]) => {
    const code = Number.parseInt(digits ?? "", 16)
    return code < 0x20 || code === 0x7f || /[A-Za-z0-9\-_~./\\;%]/.test(String.fromCharCode(code))
  })
}

function placeholderFault(segments: readonly string[]): TemplateFault | undefined {
  const names = segments.filter(isPlaceholder)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) return { message: `has the placeholder ${twice} twice`, remedy: "give each placeholder a name of its own" }
  const separator = segments.indexOf("-", 1)
  const swallows = separator > 0 && isPlaceholder(segments[separator + 1]) && separator + 2 < segments.length
  if (!swallows) return undefined
  return {
    message: `goes on after '/-/${segments[separator + 1]}', which stands for one or more segments at the end only`,
    remedy: "end it there, or write a literal segment after '/-/'",
  }
}
