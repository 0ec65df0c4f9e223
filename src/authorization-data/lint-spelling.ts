import type { Operation } from "./authorization-data.js"
import { sameOperation } from "./digest.js"
import type { FindingList } from "./finding.js"
import type { MergedDocuments, MergedEndpoint } from "./merge.js"
import { covers, isPlaceholder, type PathTemplate } from "./path-template.js"

/**
 * Finds a literal segment that a canonical path may also write in another way (`:` as `%3A`, `%2a` as `%2A`), where another template takes that path
 * and decides otherwise: nothing is decoded, and whoever serves the path takes both for the same.
 *
 * @param others the templates that can match a path of this one, the most specific first
 */
export function lintSpelling(
  template: PathTemplate,
  others: readonly PathTemplate[],
  endpoints: MergedDocuments["endpoints"],
  findings: FindingList,
): void {
  const endpoint = endpoints.get(template.text)
  if (!endpoint) return
  for (const position of template.literals)
    for (const other of others) {
      const spelling = otherSpelling(template, other, position)
      if (spelling === undefined) continue
      const method = differingMethod(template, endpoint, other, endpoints.get(other.text))
      if (method !== undefined) return report(template, endpoint, template.segments.with(position, spelling), other, method, findings)
      if (covers(other, template)) break
    }
}

/** The segment as a path may write it that `template` does not match, and `other` does. */
function otherSpelling(template: PathTemplate, other: PathTemplate, position: number): string | undefined {
  const inTrailing = other.trailingAt !== undefined && position > other.trailingAt
  if (!inTrailing && !isPlaceholder(other.segments[position])) return undefined
  // The workspace is a name to look up, in which no path may have an escape.
  return respelled(template.segments[position] ?? "", position !== other.workspaceAt)
}

function respelled(segment: string, escapesFit: boolean): string | undefined {
  const plain = segment.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return mayBeEscaped.test(character) ? character : escape
  })
  if (plain !== segment && (escapesFit || !plain.includes("%"))) return plain
  if (!escapesFit) return undefined
  const escaped = segment.replace(mayBeEscaped, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  if (escaped !== segment) return escaped
  const recased = segment.replace(escapeWithLetter, (escape) => (escape === escape.toUpperCase() ? escape.toLowerCase() : escape.toUpperCase()))
  return recased === segment ? undefined : recased
}

/** Canonical both plainly and as %XX. */
const mayBeEscaped = /[!"$&'()*+,:<=>@[\]^`|]/
const escapeWithLetter = /%(?:[A-Fa-f][0-9A-Fa-f]|[0-9][A-Fa-f])/

/** A method that the other template allows on other conditions than this one does. One that this one only leaves out is taken for none of the path's. */
function differingMethod(
  template: PathTemplate,
  endpoint: MergedEndpoint,
  other: PathTemplate,
  otherEndpoint: MergedEndpoint | undefined,
): string | undefined {
  const sameWorkspace = template.workspaceAt === other.workspaceAt
  for (const method of otherEndpoint?.operations.keys() ?? []) {
    const [own, others] = [operationOn(endpoint, method), operationOn(otherEndpoint, method)]
    if (!others || others.deny || (!own && endpoint.operations.size > 0)) continue
    if (!own || !sameOperation(own, others) || (!sameWorkspace && !own.public)) return method
  }
  return undefined
}

function operationOn(endpoint: MergedEndpoint | undefined, method: string): Operation | undefined {
  const definition = endpoint?.operations.get(method) ?? (method === "HEAD" ? endpoint?.operations.get("GET") : undefined)
  return definition?.operation
}

function report(
  { text }: PathTemplate,
  endpoint: MergedEndpoint,
  respelledSegments: readonly string[],
  other: PathTemplate,
  method: string,
  findings: FindingList,
): void {
  const path = respelledSegments.map((segment, position) => (isPlaceholder(segment) ? `x${position}` : segment)).join("/")
  findings.add(
    "ambiguous-spelling",
    endpoint.operations.get(method) ?? endpoint,
    `${text} may also be written as ${path}, which ${other.text} matches and decides otherwise on ${method}`,
    `write it in letters, digits and - . _ ~ only, or give ${method} of both the same operation`,
  )
}
