import type { BindingDefinition, DeniedPrefix, DocumentFormat, Fragment, OperationDefinition, RoleDefinition } from "./definition.js"
import type { LinedText } from "./document.js"
import type { FindingList, Place } from "./finding.js"

/** One endpoint after merging; place and format are those of the document that names it first. */
export interface MergedEndpoint extends Place {
  readonly template: string
  readonly format: DocumentFormat
  readonly operations: ReadonlyMap<string, OperationDefinition>
}

/** All documents as one. */
export interface MergedDocuments {
  readonly roles: ReadonlyMap<string, RoleDefinition>
  readonly endpoints: ReadonlyMap<string, MergedEndpoint>
  /** Absent when no document but the built-in one has a registry. */
  readonly registered?: ReadonlySet<string>
  readonly deniedPrefixes: readonly DeniedPrefix[]
  readonly bindings: readonly BindingDefinition[]
}

/**
 * Merges documents. The same role, or path and method, in two of them is reported, and the first one stays;
 * a role that the built-in document has, too, gets what both give it.
 */
export function mergeFragments(fragments: readonly Fragment[], findings: FindingList): MergedDocuments {
  const registries = fragments.flatMap(({ format, registry }) => (format !== "built-in" && registry ? registry : []))
  const builtIn = fragments.filter(({ format }) => format === "built-in")
  return {
    roles: mergeRoles(fragments, findings),
    endpoints: mergeEndpoints(fragments, findings),
    ...(registries.length > 0 && { registered: new Set([...registries.map(({ text }) => text), ...builtIn.flatMap(usedPermissions)]) }),
    deniedPrefixes: fragments.flatMap(({ deniedPrefixes }) => deniedPrefixes),
    bindings: fragments.flatMap(({ bindings }) => bindings),
  }
}

function mergeRoles(fragments: readonly Fragment[], findings: FindingList): ReadonlyMap<string, RoleDefinition> {
  const roles = new Map<string, { readonly role: RoleDefinition; readonly fragment: Fragment }>()
  for (const fragment of fragments)
    for (const role of fragment.roles) {
      const first = roles.get(role.name)
      if (!first) roles.set(role.name, { role, fragment })
      else if (first.role.format === "built-in") roles.set(role.name, { role: extendRole(first.role, role), fragment })
      else if (first.fragment !== fragment) reportTwice(`role '${role.name}'`, role, first.role, findings)
    }
  return new Map([...roles].map(([name, { role }]) => [name, role]))
}

function extendRole(builtIn: RoleDefinition, role: RoleDefinition): RoleDefinition {
  const added = (own: readonly LinedText[], more: readonly LinedText[]): readonly LinedText[] => [
    ...more,
    ...own.filter(({ text }) => !more.some((entry) => entry.text === text)),
  ]
  return {
    ...builtIn,
    ...role,
    includes: added(builtIn.includes, role.includes),
    permissions: added(builtIn.permissions, role.permissions),
  }
}

function mergeEndpoints(fragments: readonly Fragment[], findings: FindingList): ReadonlyMap<string, MergedEndpoint> {
  const endpoints = new Map<string, MergedEndpoint & { readonly operations: Map<string, OperationDefinition> }>()
  for (const fragment of fragments) {
    const earlier = new Map([...endpoints].map(([template, { operations }]) => [template, new Set(operations.keys())]))
    for (const { operations, ...endpoint } of fragment.endpoints) {
      const merged = endpoints.get(endpoint.template) ?? { ...endpoint, operations: new Map<string, OperationDefinition>() }
      endpoints.set(endpoint.template, merged)
      for (const operation of operations) {
        const first = merged.operations.get(operation.method)
        if (!first) merged.operations.set(operation.method, operation)
        else if (earlier.get(endpoint.template)?.has(operation.method))
          reportTwice(`${operation.method} ${operation.template}`, operation, first, findings)
      }
    }
  }
  return endpoints
}

function reportTwice(what: string, second: Place, first: Place, findings: FindingList): void {
  const where = first.line > 0 ? `${first.file}:${first.line}` : first.file
  findings.add("duplicate-definition", second, `${what} is defined here and in ${where}`, "keep it in one document")
}

function usedPermissions(fragment: Fragment): readonly string[] {
  const inRoles = fragment.roles.flatMap(({ permissions }) => permissions.map(({ text }) => text))
  return [...inRoles, ...fragment.endpoints.flatMap(({ operations }) => operations.flatMap(({ operation }) => operation.permissions))]
}
