import type { BindingDefinition, DeniedPrefix, DocumentFormat, Fragment } from "./definition.js"
import { valueOf, type DocumentEntry, type DocumentNode, type DocumentReader, type LinedText } from "./document.js"
import { isPermissionId, permissionRemedy } from "./identifier.js"
import { nearest } from "../model/nearest.js"
import { readEndpoints } from "./read-operation.js"
import { readRoles } from "./read-role.js"

/** Reads a document in our own format: roles and endpoints, or (with a top-level `bindings`) role bindings. */
export function readOwnFormat(root: DocumentNode, format: DocumentFormat, reader: DocumentReader): Fragment {
  const entries = reader.entries(root, "the document")
  if (isConfiguration(entries)) {
    const remedy = "check it with portcullis config --config FILE, and lint the files that it names under data"
    reader.add("unsupported-value", root.line, "this is a configuration of Portcullis, and no authorization data", remedy)
    return emptyFragment(format, reader)
  }
  reportVersion(entries, root.line, reader)
  if (valueOf(entries, "bindings")) return readBindingsDocument(entries, reader)
  reportUnknownKeys(entries, documentKeys, "the document", reader)
  const registry = valueOf(entries, "permissions")
  return {
    file: reader.file,
    format,
    extendsBuiltIn: readExtends(valueOf(entries, "extends"), reader),
    roles: readRoles(valueOf(entries, "roles"), format, reader),
    endpoints: readEndpoints(valueOf(entries, "endpoints"), format, reader),
    ...(registry && { registry: readRegistry(registry, reader) }),
    deniedPrefixes: readDeniedPrefixes(valueOf(entries, "denied_prefixes"), "denied_prefixes", reader),
    bindings: [],
  }
}

/** Reads a list of path prefixes as they are; the lint checks them. */
export function readDeniedPrefixes(node: DocumentNode | undefined, what: string, reader: DocumentReader): readonly DeniedPrefix[] {
  return reader.texts(node, what).map(({ text, line }) => ({ prefix: text, file: reader.file, line }))
}

const documentKeys = ["version", "extends", "roles", "endpoints", "permissions", "denied_prefixes"]
const bindingExample = "{principal: ann@example.com, workspace: ml-team, roles: [Viewer]}"
const bindingKeys = ["principal", "workspace", "role", "roles", "expires_at"]

/** The top-level keys of a configuration that no document has. */
const configurationKeys = [
  "profile",
  "data",
  "store",
  "bundle",
  "policy",
  "bundle_source",
  "gateway",
  "opa",
  "decision_log",
  "max_staleness_seconds",
  "seed",
  "auth",
  "trusted_peers",
  "peer_secret_file",
  "server",
  "cache",
  "log",
]

function isConfiguration(entries: readonly DocumentEntry[]): boolean {
  return entries.length > 0 && entries.every(({ key }) => configurationKeys.includes(key))
}

function emptyFragment(format: DocumentFormat, { file }: DocumentReader): Fragment {
  return { file, format, extendsBuiltIn: false, roles: [], endpoints: [], deniedPrefixes: [], bindings: [] }
}

function reportVersion(entries: readonly DocumentEntry[], line: number, reader: DocumentReader): void {
  const version = valueOf(entries, "version")
  if (version?.kind === "scalar" && version.value === 1) return
  if (version) {
    reader.add("unsupported-value", version.line, "this version is not supported", "write version: 1")
    return
  }
  const remedy = "write version: 1 at the top; for a document of the reference system put everything under the key authz"
  reader.add("unsupported-value", line, "the document has no version", remedy)
}

function reportUnknownKeys(entries: readonly DocumentEntry[], known: readonly string[], what: string, reader: DocumentReader): void {
  for (const { key, line } of entries) {
    if (known.includes(key)) continue
    const suggestion = nearest(key, known)
    reader.add("unknown-key", line, `'${key}' of ${what} is unknown`, suggestion ? `did you mean '${suggestion}'?` : `known are ${known.join(", ")}`)
  }
}

function readExtends(node: DocumentNode | undefined, reader: DocumentReader): boolean {
  if (!node) return false
  const text = reader.text(node, "extends")
  if (text !== undefined && text !== "portcullis")
    reader.add(
      "unsupported-value",
      node.line,
      `'${text}' cannot be extended`,
      "write extends: portcullis for the built-in roles and endpoints, or leave it out",
    )
  return text === "portcullis"
}

function readRegistry(node: DocumentNode, reader: DocumentReader): readonly LinedText[] {
  return reader.entries(node, "permissions").map(({ key: text, line, value }) => {
    if (!isPermissionId(text)) reader.add("malformed-permission", line, `'${text}' in permissions is not a permission id`, permissionRemedy(text))
    if (value.kind !== "scalar" || (typeof value.value !== "string" && value.value !== null))
      reader.add("wrong-type", value.line, `the description of ${text} is not a text`, "write one line of text, or nothing")
    return { text, line }
  })
}

function readBindingsDocument(entries: readonly DocumentEntry[], reader: DocumentReader): Fragment {
  for (const { key, line } of entries)
    if (documentKeys.includes(key) && key !== "version")
      reader.add("unknown-key", line, `'${key}' stands in one document with bindings`, "move bindings into a file of their own")
    else reportUnknownKeys([{ key, line, value: { kind: "scalar", line, value: null } }], ["version", "bindings"], "the document", reader)
  const list = valueOf(entries, "bindings")
  if (list?.kind !== "list") reader.texts(list, "bindings")
  return {
    file: reader.file,
    format: "bindings",
    extendsBuiltIn: false,
    roles: [],
    endpoints: [],
    deniedPrefixes: [],
    bindings: list?.kind === "list" ? list.items.flatMap((item, index) => readBinding(item, `bindings[${index}]`, reader)) : [],
  }
}

/** None when it lacks something, which has been reported then. */
function readBinding(node: DocumentNode, what: string, reader: DocumentReader): readonly BindingDefinition[] {
  const entries = reader.entries(node, what)
  reportUnknownKeys(entries, bindingKeys, what, reader)
  const principal = reader.text(valueOf(entries, "principal"), `${what}.principal`)
  const workspace = reader.text(valueOf(entries, "workspace"), `${what}.workspace`)
  const expiresAt = reader.text(valueOf(entries, "expires_at"), `${what}.expires_at`)
  const roles = readBoundRoles(entries, what, node.line, reader)
  for (const key of ["principal", "workspace"])
    if (node.kind === "map" && !valueOf(entries, key)) reader.add("malformed-binding", node.line, `${what} has no ${key}`, `write ${bindingExample}`)
  if (principal === undefined || workspace === undefined || roles === undefined) return []
  return [{ file: reader.file, line: node.line, principal, workspace, roles, ...(expiresAt !== undefined && { expiresAt }) }]
}

function readBoundRoles(entries: readonly DocumentEntry[], what: string, line: number, reader: DocumentReader): readonly LinedText[] | undefined {
  const [role, roles] = [valueOf(entries, "role"), valueOf(entries, "roles")]
  if (role && roles) reader.add("malformed-binding", role.line, `${what} has both 'role' and 'roles'`, "keep one of the two")
  if (roles) return reader.texts(roles, `${what}.roles`)
  if (!role) {
    if (entries.length > 0) reader.add("malformed-binding", line, `${what} has no roles`, `write ${bindingExample}`)
    return undefined
  }
  const text = reader.text(role, `${what}.role`)
  return text === undefined ? undefined : [{ text, line: role.line }]
}
