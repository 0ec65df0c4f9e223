import type { DocumentFormat, RoleDefinition } from "./definition.js"
import { valueOf, type DocumentNode, type DocumentReader } from "./document.js"
import { isPermissionId, permissionRemedy } from "./identifier.js"
import { nearest } from "../model/nearest.js"

/** Reads `roles`: name → description, includes, permissions. */
export function readRoles(node: DocumentNode | undefined, format: DocumentFormat, reader: DocumentReader): readonly RoleDefinition[] {
  return reader.entries(node, "roles").map(({ key: name, line, value }) => {
    const what = `roles.${name}`
    const entries = reader.entries(value, what)
    if (name === "" || name.length > 128)
      reader.add("malformed-role", line, `'${name.slice(0, 64)}' is not a role name`, "write a name of 1 to 128 characters")
    for (const { key, line: keyLine } of entries) if (!roleKeys.includes(key)) reportUnknownRoleKey(key, keyLine, what, format, reader)
    const description = reader.text(valueOf(entries, "description"), `${what}.description`)
    const permissions = reader.texts(valueOf(entries, "permissions"), `${what}.permissions`)
    for (const { text, line: permissionLine } of permissions)
      if (text !== "*" && !isPermissionId(text))
        reader.add("malformed-permission", permissionLine, `'${text}' in ${what} is not a permission id`, `${permissionRemedy(text)}, or * for all`)
    return {
      name,
      file: reader.file,
      line,
      format,
      ...(description !== undefined && { description }),
      includes: reader.texts(valueOf(entries, "includes"), `${what}.includes`),
      permissions,
    }
  })
}

const roleKeys = ["description", "includes", "permissions"]

function reportUnknownRoleKey(key: string, line: number, what: string, format: DocumentFormat, reader: DocumentReader): void {
  const suggestion = nearest(key, roleKeys)
  const remedy = suggestion ? `did you mean '${suggestion}'?` : `known are ${roleKeys.join(", ")}`
  if (format === "reference") reader.warn("unknown-key", line, `'${key}' of ${what} is unknown and has no effect`, remedy)
  else reader.add("unknown-key", line, `'${key}' of ${what} is unknown`, remedy)
}
