import type { OperationDefinition } from "./definition.js"
import type { FindingList } from "./finding.js"
import { isPermissionId } from "./identifier.js"
import { permissionRemedy } from "./lint-roles.js"
import type { MergedDocuments, MergedEndpoint } from "./merge.js"
import { nearest } from "../model/nearest.js"
import { prefixFault, templateFault } from "./template-grammar.js"

/** Rules about endpoints, one at a time: malformed templates and prefixes, unregistered permissions, operations that nobody can call. */
export function lintEndpoints(merged: MergedDocuments, profile: "hardened" | "nemo", findings: FindingList): void {
  const held = heldPermissions(merged)
  for (const endpoint of merged.endpoints.values()) {
    lintTemplate(endpoint, profile, findings)
    for (const definition of endpoint.operations.values()) {
      if (definition.format === "built-in" || definition.operation.deny || definition.operation.public) continue
      lintFenced(definition, merged, findings)
      for (const permission of definition.operation.permissions) lintPermission(permission, definition, held, merged.registered, findings)
    }
  }
  for (const { prefix, ...place } of merged.deniedPrefixes) {
    const fault = prefixFault(prefix)
    if (!fault) continue
    findings.add("malformed-prefix", place, `denied prefix '${prefix}' ${fault.message}`, fault.remedy, profile === "nemo" ? "warning" : "error")
  }
}

interface HeldPermissions {
  /** Held by some role by name. */
  readonly named: ReadonlySet<string>
  /** Some role holds `*`. */
  readonly everything: boolean
}

function heldPermissions({ roles }: MergedDocuments): HeldPermissions {
  const named = new Set([...roles.values()].flatMap(({ permissions }) => permissions.map(({ text }) => text)))
  return { named, everything: named.delete("*") }
}

function lintTemplate(endpoint: MergedEndpoint, profile: "hardened" | "nemo", findings: FindingList): void {
  const fault = templateFault(endpoint.template)
  if (!fault) return
  const tolerated = profile === "nemo" && endpoint.template.startsWith("/")
  findings.add("malformed-template", endpoint, `path '${endpoint.template}' ${fault.message}`, fault.remedy, tolerated ? "warning" : "error")
}

function lintFenced(definition: OperationDefinition, { deniedPrefixes }: MergedDocuments, findings: FindingList): void {
  const fence = deniedPrefixes.find(({ prefix }) => definition.template === prefix || definition.template.startsWith(`${prefix}/`))
  if (fence)
    findings.warn(
      "unreachable-operation",
      definition,
      `${definition.method} ${definition.template} lies under the denied prefix '${fence.prefix}'`,
      "remove the operation, or the prefix when it is no longer needed",
    )
}

function lintPermission(
  permission: string,
  definition: OperationDefinition,
  held: HeldPermissions,
  registered: ReadonlySet<string> | undefined,
  findings: FindingList,
): void {
  const what = `${definition.method} ${definition.template}`
  if (registered && !registered.has(permission)) {
    findings.add(
      "unregistered-permission",
      definition,
      `${what} needs '${permission}', which is not registered`,
      permissionRemedy(permission, registered),
    )
    return
  }
  if (held.named.has(permission)) return
  const suggestion = nearest(permission, [...held.named].filter(isPermissionId))
  const remedy = suggestion ? `did you mean '${suggestion}'?` : `give '${permission}' to a role`
  if (!held.everything) {
    const severity = definition.format === "reference" ? "warning" : "error"
    findings.add("unreachable-operation", definition, `${what} needs '${permission}', which no role holds`, remedy, severity)
    return
  }
  if (registered) return
  findings.warn(
    "unregistered-permission",
    definition,
    `${what} needs '${permission}', which only roles with '*' hold`,
    `${remedy}, or register it under permissions`,
  )
}
