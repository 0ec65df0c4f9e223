import { jsonInput } from "../policy/index.js"
import type { Active } from "./active.js"
import { assertCount, rawCaps } from "./input-caps.js"
import { workspacesOf } from "./policy-input.js"

/**
 * A caller's own policy input with the slice attached, as JSON text. A `bindings` of the caller's is dropped.
 *
 * The slice covers every principal and workspace that the policy could read from the input, direct or Envoy-shaped;
 * which of them count is for the policy to say. Values of a wrong type are left to it, too.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for what is not JSON, and for paths and permissions beyond {@link rawCaps}
 */
export function rawInput(input: object, { store, profile }: Active): string {
  const { request, text } = plainRequest(input)
  const names = ["*"]
  const workspaces = ["system"]
  for (const question of [request, ...batchOf(request)]) {
    const http = memberOf(memberOf(memberOf(question, "attributes"), "request"), "http")
    for (const claims of [question, memberOf(http, "headers")]) collectPrincipals(claims, profile === "nemo" ? "" : "group:", names)
    for (const path of [memberOf(question, "path"), memberOf(http, "path")])
      if (typeof path === "string") addAll(workspaces, workspacesOf(path, store, rawCaps))
    addAll(workspaces, namedWorkspaces(question))
  }
  const slice = store.sliceText(names, workspaces)
  return text === "{}" ? `{"bindings":${slice}}` : `${text.slice(0, -1)},"bindings":${slice}}`
}

/** What the policy will read, which need not be what the object says: `toJSON`, getters and boxed strings have a say in between. */
function plainRequest(input: object): { readonly request: unknown; readonly text: string } {
  const text = jsonInput(input) ?? "{}"
  const request: unknown = JSON.parse(text)
  if (!isRecord(request) || !Object.hasOwn(request, "bindings")) return { request, text }
  const { bindings: _dropped, ...rest } = request
  return { request: rest, text: JSON.stringify(rest) }
}

const idHeaders = ["principal-id", "principal-email", "principal-on-behalf-of", "principal-on-behalf-of-email"]
const idMembers = new Set([
  "principal_id",
  "principal_email",
  "on_behalf_of_principal_id",
  "on_behalf_of_principal_email",
  ...idHeaders.flatMap(spellings),
])
const groupHeaders = ["principal-groups", "principal-on-behalf-of-groups"]
const groupMembers = new Set(["principal_groups", "on_behalf_of_principal_groups", ...groupHeaders.flatMap(spellings)])

/** The questions of `authz/allow_many`. A slice without them would take a service's narrower bindings for none. */
function batchOf(request: unknown): unknown[] {
  const requests = memberOf(request, "requests")
  return Array.isArray(requests) ? requests : []
}

function collectPrincipals(claims: unknown, groupPrefix: string, names: string[]): void {
  if (!isRecord(claims)) return
  for (const name in claims) {
    const value = claims[name]
    if (typeof value === "string" && idMembers.has(name)) names.push(value)
    else if (groupMembers.has(name)) for (const group of textsOf(value)) names.push(groupPrefix + group)
  }
}

function spellings(header: string): string[] {
  const capitalised = header.replace(/(^|-)([a-z])/g, (match) => match.toUpperCase())
  return [`x-nmp-${header}`, `X-NMP-${capitalised}`]
}

/** A list's strings, or the parts of a comma-separated header, trimmed and not. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(",").flatMap((part) => [part, part.replace(surroundingSpace, "")])
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
}

/** What `trim_space` takes away: OPA counts U+0085 in, JavaScript does not. */
const surroundingSpace = /^[\s\u0085]+|[\s\u0085]+$/g

function namedWorkspaces(request: unknown): string[] {
  const workspace = memberOf(request, "workspace")
  const permissions = memberOf(request, "permissions")
  if (Array.isArray(permissions)) assertCount("permissions", permissions.length, "items", rawCaps.items)
  const prefixes = Array.isArray(permissions)
    ? permissions.flatMap((permission) => (typeof permission === "string" ? permission.split("/")[0] : []))
    : []
  return typeof workspace === "string" ? [workspace, ...prefixes.filter((prefix) => prefix !== undefined)] : []
}

/** As a spread would, which fails with very many. */
function addAll(list: string[], values: readonly string[]): void {
  for (const value of values) list.push(value)
}

/** What is inherited may be read, too: a slice that is too wide does no harm. */
function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
}
