import type { FindingList } from "./finding.js"
import { lintSpelling } from "./lint-spelling.js"
import type { MergedDocuments, MergedEndpoint } from "./merge.js"
import { covers, isPlaceholder, parsePathTemplate, rankOf, type PathTemplate } from "./path-template.js"
import { templateFault } from "./template-grammar.js"
import { TemplateTree } from "./template-overlap.js"

/** Rules about endpoints that can match the same path: equal rank is ambiguous, another spelling may get around one, and one may leave nothing to another. */
export function lintOverlap({ endpoints }: MergedDocuments, profile: "hardened" | "nemo", findings: FindingList): void {
  const rank = profile === "nemo" ? (template: PathTemplate): number => -template.placeholders.length : rankOf
  const templates = [...endpoints.keys()].filter((template) => profile === "nemo" || !templateFault(template)).map(parsePathTemplate)
  const order = new Map(templates.map((template, index) => [template, index]))
  const tree = new TemplateTree(templates)
  for (const template of templates) {
    const endpoint = endpoints.get(template.text)
    if (!endpoint) continue
    const overlapping = tree.overlapping(template)
    const before = (other: PathTemplate): boolean => (order.get(other) ?? 0) < (order.get(template) ?? 0)
    const others = overlapping.toSorted((a, b) => rank(b) - rank(a))
    lintSpelling(template, others, endpoints, findings)
    const [first, ...more] = overlapping.filter((other) => rank(other) === rank(template) && before(other))
    if (first) reportAmbiguous(template, first, more.length, endpoint, findings)
    const cover = overlapping.find((other) => rank(other) > rank(template) && covers(other, template))
    if (cover)
      findings.add(
        "unreachable-operation",
        endpoint,
        `every path of ${template.text} is matched by ${cover.text}, which goes before it`,
        "remove the endpoint, or make it more specific",
      )
  }
}

function reportAmbiguous(template: PathTemplate, other: PathTemplate, more: number, endpoint: MergedEndpoint, findings: FindingList): void {
  const others = more > 0 ? ` and ${more} more` : ""
  findings.add(
    "ambiguous-templates",
    endpoint,
    `${template.text} and ${other.text}${others} match the same paths with equal rank, for example ${sharedPath(template, other)}`,
    "keep one of them, or make one more specific by a literal segment",
  )
}

/** A path that both match. */
function sharedPath(a: PathTemplate, b: PathTemplate): string {
  const length = Math.max(a.segments.length, b.segments.length)
  const segments = Array.from({ length }, (_, position) => {
    const literal = [a, b].map((template) => template.segments[position]).find((segment) => segment !== undefined && !isPlaceholder(segment))
    return literal ?? `x${position}`
  })
  return segments.join("/")
}
