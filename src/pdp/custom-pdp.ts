import { readFile } from "node:fs/promises"
import { PdpError, messageOf } from "../errors.js"
import { formatRevision, newEpoch } from "../model/revision.js"
import { wasmPolicyLoader } from "../policy/index.js"
import { roleBindingStore } from "../store/index.js"
import { activeState, type Active } from "./active.js"
import { authorizeByAllow, authorizeMany, hasPermissions, hasRole } from "./authorize.js"
import { events } from "./events.js"
import { explain } from "./explain.js"
import type { CustomPdpOptions } from "./options.js"
import { lookups } from "./lookups.js"
import type { Pdp } from "./pdp.js"
import { policyData } from "./policy-data.js"
import { revisionWaiters } from "./revision-waiters.js"
import { whatIf } from "./what-if.js"

/**
 * A PDP on a policy of your own. `evaluate` takes any of its entrypoints; `authorize` and its kin work when the module has `authz/…` entrypoints
 * of our shape, and get no bindings.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID` when the module cannot be loaded or needs a builtin that nobody implements
 */
export async function customPdp({ policy: { wasm, data = {}, builtins }, memoryLimitMb }: CustomPdpOptions): Promise<Pdp> {
  const bytes = typeof wasm === "string" ? await readModule(wasm) : wasm
  const load = await wasmPolicyLoader({ wasm: bytes, ...(builtins && { builtins }), ...(memoryLimitMb && { memoryLimitMb }) })
  const store = roleBindingStore()
  let revision = { epoch: newEpoch(), sequence: 1 }
  let document = data
  let policy = load(document)
  let state = activeState({ policy, store, profile: "hardened", revision: formatRevision(revision) })
  const waiters = revisionWaiters(() => revision)
  const { on, emit } = events()
  let closed = false
  const active = (): Active => {
    if (closed) throw new PdpError("ERR_CLOSED", "the PDP is closed")
    return state
  }
  const activate = (changed: unknown): string => {
    const loaded = load(changed)
    revision = { ...revision, sequence: revision.sequence + 1 }
    document = changed
    policy = loaded
    state = activeState({ policy, store, profile: "hardened", revision: formatRevision(revision) })
    waiters.reached(revision)
    emit("activation", { revision: state.revision, cause: "policy", changes: 1 })
    return state.revision
  }
  return {
    data: policyData({ document: () => document, activate, assertOpen: () => void active() }),
    builtinFailures: () => policy.builtinFailures(),
    authorize: (request) => authorizeByAllow(active(), request),
    authorizeMany: (requests) =>
      policy.entrypoints.includes("authz/allow_many")
        ? authorizeMany(active(), requests, authorizeByAllow)
        : requests.map((request) => authorizeByAllow(active(), request)),
    hasPermissions: (request) => hasPermissions(active(), request),
    hasRole: (request) => hasRole(active(), request),
    explain: (request) => explain(active(), request),
    evaluate: (entrypoint, input) => active().policy.evaluate(entrypoint, input),
    lookups: (request) => lookups(request, "hardened"),
    whatIf: (bindings) => whatIf(active(), bindings),
    roles: () => new Map(),
    revision: () => active().revision,
    atLeast: waiters.wait,
    refresh: async () => void active(),
    status: () => ({
      ready: !closed,
      profile: "custom",
      revision: state.revision,
      policy: { digest: policy.digest, entrypoints: policy.entrypoints },
      authorizationData: { digest: "", roles: 0, endpoints: 0, operations: 0, warnings: [], added: [] },
      bindings: 0,
      unknownRoles: { bindings: 0, roles: [] },
      sources: [],
    }),
    snapshot: () => {
      throw new PdpError("ERR_PDP_NOT_READY", "a policy of your own has no authorization data to put in a bundle; build one with `opa build`")
    },
    on,
    close: async () => {
      closed = true
      waiters.close()
    },
  }
}

async function readModule(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `cannot read the policy '${path}' (${messageOf(cause)}); pass the path of a .wasm file, or its bytes`, {
      cause,
    })
  }
}
