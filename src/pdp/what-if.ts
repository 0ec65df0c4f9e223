import type { RoleBinding } from "../model/role-binding.js"
import { roleBindingStore } from "../store/index.js"
import { activeState, type Active } from "./active.js"
import { authorize, authorizeMany, hasPermissions, hasRole } from "./authorize.js"
import { explain } from "./explain.js"
import type { Decisions } from "./pdp.js"

/** The same policy and authorization data on other bindings. See `Pdp.whatIf`. */
export function whatIf({ policy, profile, revision }: Active, bindings: readonly RoleBinding[]): Decisions {
  const store = roleBindingStore()
  store.add(bindings)
  const state = activeState({ policy, store, profile, revision })
  return {
    authorize: (request) => authorize(state, request),
    authorizeMany: (requests) => authorizeMany(state, requests),
    hasPermissions: (request) => hasPermissions(state, request),
    hasRole: (request) => hasRole(state, request),
    explain: (request) => explain(state, request),
  }
}
