import type { Operation } from "./authorization-data.js"
import type { OperationDefinition } from "./definition.js"
import type { FindingList } from "./finding.js"
import type { MergedEndpoint } from "./merge.js"
import { isPlaceholder, parsePathTemplate, type PathTemplate } from "./path-template.js"

/** Endpoints with what the loader added, and one line for each addition. */
export interface RestrictedEndpoints {
  readonly endpoints: ReadonlyMap<string, MergedEndpoint>
  readonly added: readonly string[]
}

/**
 * Turns the rules that the reference's policy ties to the shape of a path into attributes of the operations of reference documents:
 * values of secrets are for services only, and what lies in the entity store beside workspaces, members, projects and entities
 * is for services and PlatformAdmin. A template that only may match such a path is restricted as a whole, with a warning.
 */
export function restrictReferenceEndpoints(endpoints: ReadonlyMap<string, MergedEndpoint>, findings: FindingList): RestrictedEndpoints {
  const added: string[] = []
  const restricted = new Map(endpoints)
  for (const endpoint of endpoints.values()) {
    const template = parsePathTemplate(endpoint.template)
    const operations = new Map([...endpoint.operations].map(([method, operation]) => [method, restrict(operation, template, added, findings)]))
    restricted.set(endpoint.template, { ...endpoint, operations })
  }
  for (const endpoint of endpoints.values()) fenceAllWorkspaces(endpoint, restricted, added)
  return { endpoints: restricted, added }
}

type Match = "always" | "maybe" | "never"

function restrict(definition: OperationDefinition, template: PathTemplate, added: string[], findings: FindingList): OperationDefinition {
  if (definition.format !== "reference") return definition
  const secret = secretValueMatch(template)
  const nested = nestedEntityMatch(template, definition.method)
  if (secret === "never" && nested === "never") return definition
  const admin = definition.operation.admin && secret === "never"
  const kind = secret === "never" ? "entity store" : "secret values"
  added.push(`${definition.method} ${definition.template}: callers [service_principal]${admin ? "" : ", admin false"} (${kind})`)
  if (secret === "maybe" || nested === "maybe")
    findings.warn(
      "restricted-template",
      definition,
      `${definition.method} ${definition.template} may match a path of the ${kind}, so that it is for services only`,
      "write the segments that decide this literally, in templates of their own",
    )
  return { ...definition, operation: servicesOnly(definition.operation, admin) }
}

function servicesOnly(operation: Operation, admin: boolean): Operation {
  const personsOnly = operation.callers !== undefined && !operation.callers.includes("service_principal")
  return { ...operation, callers: ["service_principal"], admin, deny: operation.deny || personsOnly }
}

/** `/a/b/c/workspaces/x/secrets/x/access`, in any area. */
function secretValueMatch(template: PathTemplate): Match {
  const parts = 9
  const length = template.trailingAt === undefined ? template.segments.length === parts : template.trailingAt + 2 <= parts
  if (!length) return "never"
  return matchLiterals(template, [
    [4, "workspaces"],
    [6, "secrets"],
    [8, "access"],
  ])
}

const entityStore = [
  [1, "apis"],
  [2, "entities"],
  [3, "v2"],
] as const

function nestedEntityMatch(template: PathTemplate, method: string): Match {
  const inStore = template.segments.length > 4 ? matchLiterals(template, entityStore) : "never"
  if (inStore === "never" || isOpen(template, method)) return "never"
  const [, , , , collection = "", , nested = ""] = template.segments
  const mayBeOpen = isPlaceholder(collection) || (collection === "workspaces" && isPlaceholder(nested))
  return mayBeOpen ? "maybe" : inStore
}

/** What the reference leaves open to persons in the entity store. */
function isOpen(template: PathTemplate, method: string): boolean {
  const [, , , , collection, workspace, nested = ""] = template.segments
  if (collection !== "workspaces") return false
  if (template.segments.length === 5) return ["GET", "POST"].includes(method)
  if (template.segments.length === 6) return ["GET", "PUT", "DELETE"].includes(method)
  return workspace !== "-" && ["members", "projects", "entities"].includes(nested)
}

function matchLiterals(template: PathTemplate, literals: readonly (readonly [number, string])[]): Match {
  const matches = literals.map(([position, literal]): Match => {
    if (template.trailingAt !== undefined && position > template.trailingAt) return "maybe"
    const segment = template.segments[position]
    if (segment === literal) return "always"
    return isPlaceholder(segment) ? "maybe" : "never"
  })
  if (matches.includes("never")) return "never"
  return matches.includes("maybe") ? "maybe" : "always"
}

/** Workspace `-` of members, projects and entities is for services and PlatformAdmin: a template of its own with a literal `-`. */
function fenceAllWorkspaces(endpoint: MergedEndpoint, endpoints: Map<string, MergedEndpoint>, added: string[]): void {
  const template = parsePathTemplate(endpoint.template)
  const ofReference = [...endpoint.operations.values()].some(({ format }) => format === "reference")
  if (!ofReference || template.segments.length < 7 || matchLiterals(template, entityStore) === "never" || !isOpen(template, "GET")) return
  if (template.trailingAt !== undefined) {
    const operations = new Map([...endpoint.operations].map(([method, definition]) => [method, withoutAllWorkspaces(definition, added)]))
    endpoints.set(endpoint.template, { ...endpoint, operations })
    return
  }
  const fence = ["", "apis", "entities", "v2", "workspaces", "-", ...template.segments.slice(6)].join("/")
  if (endpoints.has(fence)) return
  const operations = new Map([...endpoint.operations].map(([method, definition]) => [method, fenced({ ...definition, template: fence }, added)]))
  endpoints.set(fence, { ...endpoint, template: fence, operations })
}

function fenced(definition: OperationDefinition, added: string[]): OperationDefinition {
  if (definition.format !== "reference") return definition
  added.push(`${definition.method} ${definition.template}: callers [service_principal] (entity store)`)
  return { ...definition, operation: servicesOnly(definition.operation, definition.operation.admin) }
}

function withoutAllWorkspaces(definition: OperationDefinition, added: string[]): OperationDefinition {
  if (definition.format !== "reference") return definition
  added.push(`${definition.method} ${definition.template}: all_workspaces false (entity store)`)
  return { ...definition, operation: { ...definition.operation, all_workspaces: false } }
}
