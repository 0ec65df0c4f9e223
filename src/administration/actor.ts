import type { Principal, StoredPrincipal } from "../model/principal.js"

/** Who did it, for `granted_by`, `created_by` and the journal: a person by e-mail where there is one. */
export function actorOf(principal: Principal): string {
  const delegate = personOf(principal.onBehalfOf)
  if (principal.kind !== "service") return personOf(principal) ?? ""
  return delegate === undefined ? `service:${principal.id}` : `${delegate} (by service:${principal.id})`
}

/**
 * To whom a workspace belongs that this principal makes. A service makes it for others: a binding of its own would take away from it what services
 * hold everywhere.
 */
export function ownerOf(principal: Principal): StoredPrincipal | undefined {
  return personOf(principal.kind === "service" ? principal.onBehalfOf : principal)
}

function personOf(claims: Pick<Principal, "id" | "email"> | null | undefined): string | undefined {
  return claims ? claims.email || claims.id : undefined
}
