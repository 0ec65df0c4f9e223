import { PdpError } from "../errors.js"
import { RoleBinding } from "../model/role-binding.js"
import type { BindingDefinition } from "./definition.js"
import type { NamedText } from "./document.js"
import { FindingList, formatFinding } from "./finding.js"
import { readFragment } from "./read-fragment.js"

/** What a document of the reference system says about principals. */
export interface ReferencePrincipals {
  /** Its `principals`, as they stand there. */
  readonly bindings: readonly RoleBinding[]
  /** The roles that it defines. */
  readonly roles: readonly string[]
}

/**
 * Reads the principals of a document of the reference system. Whether their roles exist is not looked at.
 *
 * @returns `undefined` for a document of any other kind
 * @throws {PdpError} `ERR_AUTHORIZATION_DATA_INVALID` naming the first errors with file, line and remedy
 */
export function readReferencePrincipals(document: NamedText): ReferencePrincipals | undefined {
  const findings = new FindingList("hardened")
  const fragment = readFragment(document, 0, findings)
  if (fragment && fragment.format !== "reference") return undefined
  const bindings = fragment?.bindings.flatMap((binding) => checkedBindings(binding, findings)) ?? []
  const errors = findings.sorted().filter(({ severity }) => severity === "error")
  if (errors.length > 0)
    throw new PdpError(
      "ERR_AUTHORIZATION_DATA_INVALID",
      `${document.name} has ${errors.length} error(s):\n${errors.slice(0, shownErrors).map(formatFinding).join("\n")}`,
    )
  return { bindings, roles: fragment?.roles.map(({ name }) => name) ?? [] }
}

const shownErrors = 20

function checkedBindings({ file, principal, workspace, roles }: BindingDefinition, findings: FindingList): readonly RoleBinding[] {
  return roles.flatMap(({ text: role, line }) => {
    const { data, error } = RoleBinding.safeParse({ principal, workspace, role })
    if (data) return [data]
    const what = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join(", ")
    findings.add("malformed-binding", { file, line }, `the binding of '${principal}' in '${workspace}': ${what}`, "correct it, or remove the binding")
    return []
  })
}
