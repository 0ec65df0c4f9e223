import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import { assertCount, questionCaps } from "./input-caps.js"
import { quoted } from "./json-text.js"
import type { Profile } from "./pdp.js"

/** The identity part of a policy input. */
export interface PrincipalClaims {
  /** Members of the input's JSON object, without braces: `"principal_id":…,…`. */
  readonly members: string
  /** The stored principals whose bindings the decision can need, `*` included. */
  readonly names: readonly string[]
}

/** Groups that one principal may present. */
export const maxGroups = 100

/**
 * Turns a library principal into the claims of a policy input.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for values of a wrong type, a person's id with the prefix of services, or over 100 groups
 */
export function principalClaims(principal: Principal, profile: Profile): PrincipalClaims {
  const id = storedId(principal)
  const names = [id, "*"]
  const prefix = profile === "nemo" ? "" : "group:"
  const delegate = principal.onBehalfOf
  let members = `"principal_id":${quoted(id, "principal.id")}`
  if (delegate) members += delegateMembers(delegate, names, prefix)
  // A policy takes the caller's claims for a delegate's who has none: so a service keeps its own only beside theirs.
  if (!delegate || hasClaims(delegate)) members += claimMembers("principal", principal, names, prefix)
  if (principal.scopes !== undefined && principal.scopes !== null) members += `,"scopes":${quotedList(principal.scopes, "principal.scopes")}`
  return { members, names }
}

function storedId({ kind, id }: Principal): string {
  if (typeof id !== "string") throw new PdpError("ERR_INPUT_INVALID", `principal.id is ${typeof id}; pass a string, empty for nobody`)
  if (kind && kind !== "person" && kind !== "service")
    throw new PdpError("ERR_INPUT_INVALID", `principal.kind '${String(kind)}' is unknown; pass 'person' or 'service'`)
  if (kind === "service") return `service:${id}`
  if (id.startsWith("service:"))
    throw new PdpError("ERR_INPUT_INVALID", `principal.id '${id}' has the prefix of services; pass kind 'service' and the id without it`)
  return id
}

type Claims = NonNullable<Principal["onBehalfOf"]>

function delegateMembers(delegate: Claims, names: string[], prefix: string): string {
  if (delegate.id === "") throw new PdpError("ERR_INPUT_INVALID", "principal.onBehalfOf.id is empty; leave onBehalfOf out when nobody is acted for")
  names.push(delegate.id)
  return `,"on_behalf_of_principal_id":${quoted(delegate.id, "principal.onBehalfOf.id")}${claimMembers("on_behalf_of_principal", delegate, names, prefix)}`
}

function hasClaims({ email, groups }: Claims): boolean {
  return Boolean(email) || (groups?.length ?? 0) > 0
}

function claimMembers(member: string, { email, groups }: Pick<Claims, "email" | "groups">, names: string[], prefix: string): string {
  let members = ""
  if (email) {
    members += `,"${member}_email":${quoted(email, `${member}_email`)}`
    names.push(email)
  }
  if (groups !== undefined && groups !== null) assertList(groups, `${member}_groups`)
  if (groups && groups.length > 0) {
    if (groups.length > maxGroups)
      throw new PdpError("ERR_INPUT_INVALID", `${groups.length} groups; a principal may present ${maxGroups}: let the identity provider send fewer`)
    members += `,"${member}_groups":${quotedList(groups, `${member}_groups`)}`
    for (const group of groups) names.push(prefix + group)
  }
  return members
}

function quotedList(values: readonly string[], name: string): string {
  assertList(values, name)
  assertCount(name, values.length, "items", questionCaps.items)
  return `[${values.map((value) => quoted(value, name)).join()}]`
}

function assertList(values: unknown, name: string): void {
  if (!Array.isArray(values)) throw new PdpError("ERR_INPUT_INVALID", `${name} is ${typeof values}; pass a list of strings`)
}
