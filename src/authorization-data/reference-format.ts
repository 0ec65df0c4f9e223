import type { BindingDefinition, Fragment } from "./definition.js"
import { valueOf, type DocumentEntry, type DocumentNode, type DocumentReader, type LinedText } from "./document.js"
import { isPermissionId, permissionRemedy } from "./identifier.js"
import { readDeniedPrefixes } from "./own-format.js"
import { readEndpoints } from "./read-operation.js"
import { readRoles } from "./read-role.js"

/** True for a document of the reference system: it has a top-level key `authz`. */
export function isReferenceDocument(root: DocumentNode): boolean {
  return root.kind === "map" && valueOf(root.entries, "authz") !== undefined
}

/** Reads a document of the reference system as it is. Keys that it does not know either are warnings. */
export function readReferenceFormat(root: DocumentNode, reader: DocumentReader): Fragment {
  const top = reader.entries(root, "the document")
  const entries = reader.entries(valueOf(top, "authz"), "authz")
  const config = reader.entries(valueOf(entries, "config"), "authz.config")
  reportOwnKeys(top, reader)
  warnUnknown(top, ["authz", ...ownKeys], "the document", reader)
  warnUnknown(entries, ["permissions", "roles", "endpoints", "principals", "workspaces", "config"], "authz", reader)
  warnUnknown(config, ["denied_plugin_prefixes"], "authz.config", reader)
  const registry = readRegistry(reader.entries(valueOf(entries, "permissions"), "authz.permissions"), "", reader)
  return {
    file: reader.file,
    format: "reference",
    extendsBuiltIn: false,
    roles: readRoles(valueOf(entries, "roles"), "reference", reader),
    endpoints: readEndpoints(valueOf(entries, "endpoints"), "reference", reader),
    ...(registry.length > 0 && { registry }),
    deniedPrefixes: readDeniedPrefixes(valueOf(config, "denied_plugin_prefixes"), "authz.config.denied_plugin_prefixes", reader),
    bindings: readPrincipals(valueOf(entries, "principals"), reader),
  }
}

/** What our own format has at the top: it would decide nothing here, though it looks as if it did. */
const ownKeys = ["version", "extends", "roles", "endpoints", "permissions", "denied_prefixes", "bindings"]

function reportOwnKeys(entries: readonly DocumentEntry[], reader: DocumentReader): void {
  for (const { key, line } of entries)
    if (ownKeys.includes(key))
      reader.add("unknown-key", line, `'${key}' stands beside 'authz', and has no effect there`, "move it to a document of its own, or into authz")
}

function warnUnknown(entries: readonly DocumentEntry[], known: readonly string[], what: string, reader: DocumentReader): void {
  for (const { key, line } of entries)
    if (!known.includes(key) && !key.startsWith("x-"))
      reader.warn("unknown-key", line, `'${key}' of ${what} is unknown and has no effect`, `known are ${known.join(", ")}`)
}

/** Every node without maps below it is a permission; one with a description is, too. */
function readRegistry(entries: readonly DocumentEntry[], prefix: string, reader: DocumentReader): readonly LinedText[] {
  return entries.flatMap(({ key, line, value }) => {
    if (value.kind !== "map") return []
    const text = `${prefix}${key}`
    const leaf = value.entries.every((entry) => entry.value.kind !== "map") || valueOf(value.entries, "description")?.kind === "scalar"
    if (leaf && !isPermissionId(text))
      reader.warn("malformed-permission", line, `'${text}' in authz.permissions is not a permission id`, permissionRemedy(text))
    return [...(leaf ? [{ text, line }] : []), ...readRegistry(value.entries, `${text}.`, reader)]
  })
}

function readPrincipals(node: DocumentNode | undefined, reader: DocumentReader): readonly BindingDefinition[] {
  return reader.entries(node, "authz.principals").flatMap(({ key: principal, value }) => {
    const what = `authz.principals.${principal}`
    const entries = reader.entries(value, what)
    warnUnknown(entries, ["workspaces"], what, reader)
    return reader.entries(valueOf(entries, "workspaces"), `${what}.workspaces`).map(({ key: workspace, line, value: roles }) => ({
      file: reader.file,
      line,
      principal,
      workspace,
      roles: reader.texts(roles, `${what}.workspaces.${workspace}`),
    }))
  })
}
