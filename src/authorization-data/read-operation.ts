import type { Operation } from "./authorization-data.js"
import type { DocumentFormat, EndpointDefinition, OperationDefinition } from "./definition.js"
import { valueOf, type DocumentEntry, type DocumentNode, type DocumentReader } from "./document.js"
import { isPermissionId, isScopeId, permissionRemedy, scopeRemedy } from "./identifier.js"
import { nearest } from "../model/nearest.js"

/** Reads `endpoints`: path template → lower-case method → operation. */
export function readEndpoints(node: DocumentNode | undefined, format: DocumentFormat, reader: DocumentReader): readonly EndpointDefinition[] {
  return reader.entries(node, "endpoints").map(({ key: template, line, value }) => ({
    template,
    file: reader.file,
    line,
    format,
    operations: reader.entries(value, template).flatMap((entry) => readMethod(entry, template, format, reader)),
  }))
}

const methods = ["get", "head", "post", "put", "patch", "delete", "options", "trace", "connect"]
const referenceKeys = ["permissions", "scopes", "callers", "deny"]
const ownKeys = [...referenceKeys, "public", "admin", "all_workspaces"]

function readMethod(entry: DocumentEntry, template: string, format: DocumentFormat, reader: DocumentReader): readonly OperationDefinition[] {
  const { key, line, value } = entry
  if (key.startsWith("x-")) return []
  if (!isMethod(entry, template, format, reader)) return []
  const what = `${key.toUpperCase()} ${template}`
  const attributes = reader.entries(value, what)
  reportUnknownAttributes(attributes, what, format, reader)
  const operation = readOperation(attributes, what, format, reader)
  reportPermissionAttributes(operation, what, line, format, reader)
  return [{ template, method: key.toUpperCase(), file: reader.file, line, format, operation }]
}

function isMethod({ key, line }: DocumentEntry, template: string, format: DocumentFormat, reader: DocumentReader): boolean {
  if (methods.includes(key)) return true
  const suggestion = nearest(key, methods) ?? (key.toLowerCase() === key ? "get" : key.toLowerCase())
  const message = `'${key}' on ${template} is not a method`
  if (/^[a-z][a-z-]*$/.test(key) && nearest(key, methods) === undefined) {
    reader.warn("unknown-method", line, `'${key}' on ${template} is an unusual method`, `check the spelling; usual are ${methods.join(", ")}`)
    return true
  }
  if (format === "reference") reader.warn("unknown-method", line, `${message} and has no effect`, `write '${suggestion}'`)
  else reader.add("unknown-method", line, message, `write '${suggestion}', in lower case`)
  return false
}

function reportUnknownAttributes(attributes: readonly DocumentEntry[], what: string, format: DocumentFormat, reader: DocumentReader): void {
  const known = format === "reference" ? referenceKeys : ownKeys
  for (const { key, line } of attributes) {
    if (known.includes(key) || (format === "reference" && key.startsWith("x-"))) continue
    if (format === "reference") {
      const remedy = ownKeys.includes(key)
        ? "it belongs to the format with version: 1; move the operation there"
        : "remove it, or correct the spelling"
      reader.warn("unknown-key", line, `'${key}' on ${what} is unknown and has no effect`, remedy)
      continue
    }
    const suggestion = nearest(key, known)
    reader.add("unknown-key", line, `'${key}' on ${what} is unknown`, suggestion ? `did you mean '${suggestion}'?` : `known are ${known.join(", ")}`)
  }
}

function readOperation(attributes: readonly DocumentEntry[], what: string, format: DocumentFormat, reader: DocumentReader): Operation {
  const own = format !== "reference"
  const callers = readCallers(valueOf(attributes, "callers"), what, own, reader)
  return {
    permissions: readPermissions(valueOf(attributes, "permissions"), `permissions of ${what}`, reader),
    scopes: readScopes(valueOf(attributes, "scopes"), `scopes of ${what}`, reader),
    ...(callers && { callers }),
    deny: reader.boolean(valueOf(attributes, "deny"), `deny of ${what}`, false),
    public: own && reader.boolean(valueOf(attributes, "public"), `public of ${what}`, false),
    admin: !own || reader.boolean(valueOf(attributes, "admin"), `admin of ${what}`, true),
    all_workspaces: !own || reader.boolean(valueOf(attributes, "all_workspaces"), `all_workspaces of ${what}`, true),
    permissions_listed: valueOf(attributes, "permissions") !== undefined,
  }
}

function readPermissions(node: DocumentNode | undefined, what: string, reader: DocumentReader): readonly string[] {
  const permissions = reader.texts(node, what)
  for (const { text, line } of permissions)
    if (!isPermissionId(text)) reader.add("malformed-permission", line, `'${text}' in ${what} is not a permission id`, permissionRemedy(text))
  return permissions.map(({ text }) => text)
}

function readScopes(node: DocumentNode | undefined, what: string, reader: DocumentReader): readonly string[] {
  const scopes = reader.texts(node, what)
  for (const { text, line } of scopes)
    if (!isScopeId(text)) reader.add("malformed-scope", line, `'${text}' in ${what} is not a scope id`, scopeRemedy(text))
  return scopes.map(({ text }) => text)
}

function readCallers(node: DocumentNode | undefined, what: string, own: boolean, reader: DocumentReader): Operation["callers"] {
  const callers = reader.texts(node, `callers of ${what}`)
  if (node?.kind === "list" && node.items.length === 0) reportNoCallers(node.line, what, own, reader)
  const kinds: ("principal" | "service_principal")[] = []
  for (const { text, line } of callers)
    if (text === "principal" || text === "service_principal") kinds.push(text)
    else reader.add("unsupported-value", line, `caller '${text}' of ${what} is unknown`, "write principal (a person) or service_principal")
  return kinds.length > 0 ? kinds : undefined
}

function reportNoCallers(line: number, what: string, own: boolean, reader: DocumentReader): void {
  const message = `callers of ${what} is an empty list`
  const remedy = "leave it out when both kinds may call; write deny: true when nobody may"
  if (own) reader.add("unsupported-value", line, message, remedy)
  else reader.warn("unsupported-value", line, `${message}, which both kinds may call`, remedy)
}

function reportPermissionAttributes(operation: Operation, what: string, line: number, format: DocumentFormat, reader: DocumentReader): void {
  if (operation.public && operation.permissions.length > 0)
    reader.warn("ineffective-permissions", line, `${what} is public, so that its permissions have no effect`, "remove public or the permissions")
  if (operation.permissions_listed || operation.public || operation.deny) return
  const message = `${what} lists no permissions`
  const remedy = "add permissions: [some.permission], or permissions: [] when every authenticated caller may call"
  if (format === "reference") reader.warn("missing-permissions", line, `${message}: it stays closed for all but PlatformAdmin`, remedy)
  else reader.add("missing-permissions", line, message, remedy)
}
