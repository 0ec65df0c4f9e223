import { PdpError } from "../errors.js"
import { watchFiles } from "../source/index.js"
import { authorize, authorizeMany, hasPermissions, hasRole } from "./authorize.js"
import { cachedAuthorize } from "./decision-cache.js"
import { earlyWatch, type EarlyWatch } from "./early-watch.js"
import { evaluateRaw } from "./evaluate.js"
import { events } from "./events.js"
import { explain } from "./explain.js"
import { lookups } from "./lookups.js"
import type { PdpOptions } from "./options.js"
import type { Pdp } from "./pdp.js"
import { startPdpRefresh } from "./pdp-refresh.js"
import { pdpState, type PdpState } from "./pdp-state.js"
import { authorizationDataFiles, loadProductPolicy } from "./product-policy.js"
import { revisionWaiters } from "./revision-waiters.js"
import { sourceHealth } from "./source-health.js"
import { claimedNames, spellingNotes, withNotes } from "./spelling-notes.js"
import { unknownRoles } from "./unknown-roles.js"
import { whatIf } from "./what-if.js"

/** A PDP on one of the product's policies. See `createPdp`. */
export async function productPdp(options: PdpOptions): Promise<Pdp> {
  const documents = earlyWatch((onNews) => watchFiles(authorizationDataFiles(options.authorizationData), onNews))
  try {
    return await startedPdp(options, documents)
  } catch (thrown) {
    documents.stop()
    throw thrown
  }
}

async function startedPdp(options: PdpOptions, documents: EarlyWatch): Promise<Pdp> {
  const profile = options.profile ?? "hardened"
  const now = options.now ?? Date.now
  const { on, emit } = events()
  const health = sourceHealth(options.source?.name ?? "memory", now)
  const state = pdpState(profile, options, await loadProductPolicy(options), {
    activated: (event, revision) => {
      emit("activation", event)
      waiters.reached(revision)
    },
    health,
    now,
  })
  const waiters = revisionWaiters(state.revision)
  const refresh = await startPdpRefresh(options, state.product().loaded.bindings, documents, health, {
    bindings: state.takeBindings,
    held: state.held,
    failed: (failure) => emit("refreshFailure", failure),
    recovered: (recovery) => emit("refreshRecovery", recovery),
    load: state.load,
    stage: state.stage,
    commit: () => {
      state.commit()
      const { digest, findings: warnings, added } = state.product().loaded
      emit("authorizationData", { digest, warnings, added })
    },
    digests: () => digestsOf(state),
    now,
  })
  const { active } = state
  const decide = options.cache ? cachedAuthorize(authorize, options.cache) : authorize
  const notesOn = (...names: readonly (string | null | undefined)[]) => spellingNotes(options.adminEmail, names)
  let closing: Promise<void> | undefined

  return {
    authorize: (request) => decide(active(), request),
    authorizeMany: (requests) => authorizeMany(active(), requests),
    hasPermissions: (request) => hasPermissions(active(), request),
    hasRole: (request) => hasRole(active(), request),
    explain: (request) => withNotes(explain(active(), request), notesOn(request.principal.id, request.principal.email)),
    evaluate: (entrypoint, input) => {
      const result = evaluateRaw(active(), entrypoint, input)
      return entrypoint === "authz/explain" ? withNotes(result, notesOn(...claimedNames(input))) : result
    },
    lookups: (request) => lookups(request, profile),
    whatIf: (bindings) => whatIf(active(), bindings),
    roles: () => state.product().permissionsByRole,
    revision: () => active().revision,
    atLeast: waiters.wait,
    refresh: () => refresh.now(),
    status: () => {
      const snapshot = refresh.snapshot()
      return { profile, ...readiness(state), ...contents(state), sources: refresh.status(), ...(snapshot && { snapshot }) }
    },
    snapshot: () => {
      const { revision, store } = active()
      return { revision, profile, authzData: state.product().authzData, bindings: store }
    },
    on,
    close: () => {
      state.close()
      waiters.close()
      return (closing ??= refresh.close())
    },
  }
}

function digestsOf(state: PdpState): { readonly policy: string; readonly authorizationData: string } {
  const { policy, loaded } = state.product()
  return { policy: policy.digest, authorizationData: loaded.digest }
}

function readiness(state: PdpState): { readonly ready: boolean; readonly revision?: string } {
  try {
    return { ready: true, revision: state.active().revision }
  } catch (thrown) {
    if (thrown instanceof PdpError) return { ready: false }
    throw thrown
  }
}

function contents(state: PdpState): Pick<ReturnType<Pdp["status"]>, "policy" | "authorizationData" | "bindings" | "unknownRoles"> {
  const { policy, loaded } = state.product()
  const { roles, endpoints } = loaded.data
  const operations = [...endpoints.values()].reduce((sum, methods) => sum + methods.size, 0)
  return {
    policy: { digest: policy.digest, entrypoints: policy.entrypoints },
    authorizationData: {
      digest: loaded.digest,
      roles: roles.size,
      endpoints: endpoints.size,
      operations,
      warnings: loaded.findings,
      added: loaded.added,
    },
    bindings: state.store()?.size ?? 0,
    unknownRoles: unknownRoles(state.store(), roles),
  }
}
