import { nearest } from "../model/nearest.js"
import type { RoleBindingStore } from "../store/index.js"
import type { PdpStatus } from "./pdp.js"

/** The bindings that name roles which the authorization data does not have. They give no permission until such a role is loaded. */
export function unknownRoles(store: RoleBindingStore | undefined, known: ReadonlyMap<string, unknown>): PdpStatus["unknownRoles"] {
  const unknown = [...(store?.countByRole() ?? [])].filter(([role]) => !known.has(role))
  const named = unknown.toSorted(([a, bindingsOfA], [b, bindingsOfB]) => bindingsOfB - bindingsOfA || (a < b ? -1 : 1)).slice(0, mostNamed)
  return {
    bindings: unknown.reduce((sum, [, bindings]) => sum + bindings, 0),
    roles: named.map(([role, bindings]) => {
      const meant = nearest(role, known.keys())
      return { role, bindings, ...(meant !== undefined && { nearest: meant }) }
    }),
  }
}

const mostNamed = 10
