import { z } from "zod"
import type { AuthorizationRequest, Pdp } from "../../src/index.js"
import type { Question, World } from "./question.js"

/** The library's principal that asks what an input asks; `undefined` when the types of the library cannot say it. */
export function typedRequest({ entrypoint, input }: Question, profile: World["profile"]): AuthorizationRequest | undefined {
  const principal = entrypoint === "allow" ? typedPrincipal(input, profile) : undefined
  const request = Target.safeParse(input)
  return principal && request.success ? { principal, method: request.data.method, path: request.data.path } : undefined
}

/** Asks `hasPermissions` or `hasRole`; `undefined` when the types of the library, or what it refuses, cannot say it. */
export function typedHolding(pdp: Pdp, { entrypoint, input }: Question, profile: World["profile"]): boolean | undefined {
  const principal = typedPrincipal(input, profile)
  if (!principal) return undefined
  if (entrypoint === "has_permissions") {
    const asked = Permissions.safeParse(input)
    return asked.success ? pdp.hasPermissions({ principal, ...asked.data }).allowed : undefined
  }
  const asked = Role.safeParse(input)
  return asked.success ? pdp.hasRole({ principal, ...asked.data }).allowed : undefined
}

const text = z.string()
const texts = z.array(text)
const workspace = text.regex(/^(?![-*]$)[^/]+$/)
const Target = z.object({ method: text, path: text })
const Permissions = z.object({ workspace, permissions: z.array(text.regex(/^(?:[^/]+\/)?[^/]+$/)).min(1) })
const Role = z.object({ workspace, role: text, effective: z.boolean().exactOptional() })

/** Envoy's shape has no library form. */
const DirectClaims = z.object({
  attributes: z.undefined().optional(),
  principal_id: text,
  principal_email: text.nullish(),
  principal_groups: texts.nullish(),
  on_behalf_of_principal_id: text.nullish(),
  on_behalf_of_principal_email: text.nullish(),
  on_behalf_of_principal_groups: texts.nullish(),
  scopes: texts.nullish(),
})

function typedPrincipal(input: Question["input"], profile: World["profile"]): AuthorizationRequest["principal"] | undefined {
  const read = DirectClaims.safeParse(input)
  if (!read.success) return undefined
  const claims = read.data
  const caller = { ...callerId(claims.principal_id), scopes: claims.scopes }
  const mine = { email: claims.principal_email, groups: claims.principal_groups }
  const theirs = { email: claims.on_behalf_of_principal_email, groups: claims.on_behalf_of_principal_groups }
  if (!claims.on_behalf_of_principal_id) return { ...caller, ...mine }
  const id = claims.on_behalf_of_principal_id
  if (hasClaims(theirs) || !hasClaims(mine)) return { ...caller, ...mine, onBehalfOf: { id, ...theirs } }
  // Decision 9: they are the delegate's. The reference does not know delegation, and leaves them with the caller.
  return profile === "hardened" ? { ...caller, onBehalfOf: { id, ...mine } } : undefined
}

function callerId(id: string): Pick<AuthorizationRequest["principal"], "kind" | "id"> {
  return id.startsWith("service:") ? { kind: "service", id: id.slice("service:".length) } : { id }
}

function hasClaims({
  email,
  groups,
}: {
  readonly email?: string | null | undefined
  readonly groups?: readonly string[] | null | undefined
}): boolean {
  return Boolean(email) || (groups?.length ?? 0) > 0
}
