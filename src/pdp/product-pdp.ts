import { PdpError } from "../errors.js"
import type { Decision } from "../model/decision.js"
import { formatRevision, newEpoch } from "../model/revision.js"
import type { RoleBinding } from "../model/role-binding.js"
import type { Policy } from "../policy/index.js"
import type { Store } from "../store/index.js"
import { activeState, type Active } from "./active.js"
import { authorize, authorizeMany, hasPermissions, hasRole } from "./authorize.js"
import { cachedAuthorize } from "./decision-cache.js"
import { events } from "./events.js"
import { explain } from "./explain.js"
import type { PdpOptions } from "./options.js"
import type { Pdp, PdpEvents } from "./pdp.js"
import { startPdpRefresh } from "./pdp-refresh.js"
import { loadProductPolicy } from "./product-policy.js"
import { rawInput } from "./raw-input.js"
import { revisionWaiters } from "./revision-waiters.js"

/** A PDP on one of the product's policies. See `createPdp`. */
export async function productPdp(options: PdpOptions): Promise<Pdp> {
  const profile = options.profile ?? "hardened"
  const epoch = newEpoch()
  const { on, emit } = events()
  let product = await loadProductPolicy(options)
  let store: Store | undefined
  let revision = { epoch, sequence: 0 }
  let current: Active | undefined
  let lastFailure = "the first read is under way"
  let closed = false

  const waiters = revisionWaiters(() => revision)
  const active = (): Active => {
    if (closed) throw new PdpError("ERR_CLOSED", "the PDP is closed")
    if (!current) throw new PdpError("ERR_PDP_NOT_READY", `role bindings have not been loaded yet: ${lastFailure}`)
    return current
  }
  const activate = (cause: PdpEvents["activation"]["cause"], changes: number): void => {
    if (!store || closed) return
    revision = { epoch, sequence: revision.sequence + 1 }
    current = activeState({ policy: product.policy, store, profile, revision: formatRevision(revision) })
    emit("activation", { revision: current.revision, cause, changes })
    waiters.reached(revision)
  }
  const reload = async (): Promise<readonly RoleBinding[]> => {
    const next = await loadProductPolicy(options, product)
    const changed = next.policy !== product.policy
    product = next
    if (changed) activate("authorization-data", 1)
    return next.loaded.bindings
  }
  const refresh = await startPdpRefresh(options, product.loaded.bindings, {
    bindings: (next, changes) => {
      const cause = store ? "bindings" : "start"
      store = next
      activate(cause, changes)
    },
    failed: (failure) => {
      lastFailure = failure.error.message
      emit("refreshFailure", failure)
    },
    reload,
  })
  const decide = options.cache ? cachedAuthorize(authorize, options.cache) : authorize

  return {
    authorize: (request): Decision => decide(active(), request),
    authorizeMany: (requests) => authorizeMany(active(), requests),
    hasPermissions: (request) => hasPermissions(active(), request),
    hasRole: (request) => hasRole(active(), request),
    explain: (request) => explain(active(), request),
    evaluate: (entrypoint, input) => evaluate(active(), entrypoint, input),
    revision: () => active().revision,
    atLeast: waiters.wait,
    refresh: refresh.now,
    status: () => ({
      ready: current !== undefined && !closed,
      profile,
      ...(current && { revision: current.revision }),
      policy: { digest: product.policy.digest, entrypoints: product.policy.entrypoints },
      authorizationData: {
        digest: product.loaded.digest,
        roles: product.loaded.data.roles.size,
        endpoints: product.loaded.data.endpoints.size,
        operations: [...product.loaded.data.endpoints.values()].reduce((sum, operations) => sum + operations.size, 0),
      },
      bindings: store?.size ?? 0,
      sources: refresh.status(),
    }),
    snapshot: () => {
      const state = active()
      return { revision: state.revision, profile, authzData: product.authzData, bindings: state.store }
    },
    on,
    close: async () => {
      if (closed) return
      closed = true
      waiters.close()
      await refresh.close()
    },
  }
}

function evaluate(active: Active, entrypoint: string, input: unknown): unknown {
  const policy: Policy = active.policy
  if (typeof input !== "object" || input === null || Array.isArray(input)) return policy.evaluate(entrypoint, input)
  return policy.evaluateText(entrypoint, rawInput({ ...input }, active))
}
