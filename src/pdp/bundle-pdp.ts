import { PdpError } from "../errors.js"
import { authorize, authorizeByAllow, authorizeMany, hasPermissions, hasRole } from "./authorize.js"
import type { Active } from "./active.js"
import type { BundleFeed } from "./bundle-feed.js"
import { bundleLooks, type BundleLooks } from "./bundle-looks.js"
import type { BundlePdpOptions } from "./bundle-options.js"
import { startBundlePolling } from "./bundle-polling.js"
import { bundleReporting } from "./bundle-reporting.js"
import { bundleState, type BundleState } from "./bundle-state.js"
import { bundleError, type BundleError, type BundleStatus } from "./bundle-status.js"
import { cachedAuthorize } from "./decision-cache.js"
import { evaluateRaw } from "./evaluate.js"
import { events } from "./events.js"
import { explain } from "./explain.js"
import { lookups } from "./lookups.js"
import type { Pdp, PdpStatus } from "./pdp.js"
import { maxStalenessMs } from "./pdp-state.js"
import { policyData } from "./policy-data.js"
import { revisionWaiters } from "./revision-waiters.js"
import { sourceHealth, type SourceHealth } from "./source-health.js"
import { unknownRoles } from "./unknown-roles.js"
import { whatIf } from "./what-if.js"

/**
 * A PDP on a bundle. Its revision is the one in the manifest when Portcullis gave it, so that `atLeast` here takes what a write there answered; of other
 * bundles it counts activations.
 */
export async function bundlePdp(options: BundlePdpOptions): Promise<Pdp> {
  const { bundle: feed, profile = "hardened" } = options
  const { now } = feed.surroundings
  const maxAgeMs = maxStalenessMs(options)
  const { on, emit } = events()
  const health = sourceHealth(feed.name, now)
  const state = bundleState(
    profile,
    (event, revision) => {
      emit("activation", event)
      waiters.reached(revision)
    },
    now,
  )
  const waiters = revisionWaiters(state.revision)
  const aside = (source: string) => (error: Error) => emit("refreshFailure", { source, error, attempt: 1, retryInMs: feed.pollSeconds * 1_000 })
  const looks = bundleLooks(options, state, aside(`kept bundle ${feed.persistFile ?? ""}`))
  const reporting = bundleReporting(feed.reports, feed.surroundings, aside(`reports to ${feed.reports?.place ?? ""}`))
  const start = startOver()
  let lastError: BundleError | undefined
  const statusOfBundle = (): BundleStatus => ({
    source: feed.name,
    ...facts(state, looks),
    longPolling: feed.waitMs() > 0,
    ...(lastError && { lastError }),
  })
  const report = (): void => {
    const { lastSuccess } = health.status()
    const lastLook = looks.lastLook()
    reporting.report(statusOfBundle(), {
      ...(lastSuccess !== undefined && { lastSuccess }),
      ...(lastLook !== undefined && { lastRequest: new Date(lastLook).toISOString() }),
    })
  }
  const polling = startBundlePolling({
    feed: maxAgeMs === undefined ? feed : oftenEnough(feed, maxAgeMs),
    look: async (waitMs, signal) => {
      const isFirstLook = looks.lastLook() === undefined
      const takeKept = (): Promise<void> => fromDisk(looks, health, signal, aside(`kept bundle ${feed.persistFile ?? ""}`))
      const cancel = isFirstLook ? startWithin(feed, takeKept, () => state.current() !== undefined && start.done(), start.done) : () => undefined
      try {
        return await looks.look(waitMs, signal)
      } catch (thrown) {
        if (isFirstLook) await takeKept()
        throw thrown
      } finally {
        cancel()
      }
    },
    succeeded: () => {
      lastError = undefined
      const recovery = health.succeeded()
      if (recovery) emit("refreshRecovery", { source: feed.name, ...recovery })
      report()
    },
    failed: (failure) => {
      lastError = bundleError(failure.error, now())
      health.failed(failure.error)
      emit("refreshFailure", { source: feed.name, ...failure })
      report()
    },
  })
  await Promise.race([polling.now().catch(() => undefined), start.over])

  let closed = false
  let closing: Promise<void> | undefined
  const active = (): Active => {
    if (closed) throw new PdpError("ERR_CLOSED", "the PDP is closed")
    const current = state.current()
    if (!current) throw new PdpError("ERR_PDP_NOT_READY", `there is no bundle yet: ${health.lastFailure() ?? "the first look is under way"}`)
    if (maxAgeMs !== undefined) assertFresh(health, now(), maxAgeMs)
    return current.active
  }
  const isOwn = (): boolean => state.current()?.contents.kind === "portcullis"
  const profileNow = (): PdpStatus["profile"] => (state.current() ? (isOwn() ? profile : "custom") : feed.takesEdits ? "custom" : profile)
  const decideOwn = options.cache ? cachedAuthorize(authorize, options.cache) : authorize
  const readiness = (): Pick<PdpStatus, "ready" | "revision"> => {
    try {
      return { ready: true, revision: active().revision }
    } catch (thrown) {
      if (thrown instanceof PdpError) return { ready: false }
      throw thrown
    }
  }

  return {
    data:
      feed.takesEdits === true ? policyData({ document: () => documentOf(state), activate: state.edit, assertOpen: () => void active() }) : undefined,
    modules: () => modulesIn(state),
    builtinFailures: () => failuresIn(state),
    authorize: (request) => (isOwn() ? decideOwn : authorizeByAllow)(active(), request),
    authorizeMany: (requests) => manyBy(active(), requests, isOwn()),
    hasPermissions: (request) => hasPermissions(active(), request),
    hasRole: (request) => hasRole(active(), request),
    explain: (request) => explain(active(), request),
    evaluate: (entrypoint, input) => (isOwn() ? evaluateRaw(active(), entrypoint, input) : active().policy.evaluate(entrypoint, input)),
    lookups: (request) => lookups(request, profile),
    whatIf: (bindings) => whatIf(active(), bindings),
    roles: () => rolesIn(state),
    revision: () => active().revision,
    atLeast: waiters.wait,
    refresh: () => polling.now(),
    status: () => ({
      profile: profileNow(),
      ...readiness(),
      ...contentsOf(state),
      sources: [health.status()],
      bundle: statusOfBundle(),
    }),
    snapshot: () => {
      const { revision } = active()
      const current = state.current()
      if (current?.contents.kind === "portcullis") return { revision, profile, authzData: current.contents.authzData, bindings: current.store }
      throw new PdpError("ERR_PDP_NOT_READY", "a policy of your own has no authorization data to put in a bundle; serve the bundle that it came in")
    },
    on,
    close: () => {
      closed = true
      waiters.close()
      return (closing ??= Promise.all([polling.stop(), reporting.stop(), looks.stop()]).then(() => undefined))
    },
  }
}

type Authorize = typeof authorize

function manyBy(active: Active, requests: Parameters<Pdp["authorizeMany"]>[0], isOwn: boolean): ReturnType<Pdp["authorizeMany"]> {
  const decide: Authorize = isOwn ? authorize : authorizeByAllow
  if (isOwn || active.policy.entrypoints.includes("authz/allow_many")) return authorizeMany(active, requests, decide)
  return requests.map((request) => decide(active, request))
}

/** Three looks in that time, so that a bundle whose place answers is never too old. */
function oftenEnough(feed: BundleFeed, maxAgeMs: number): BundleFeed {
  const mostWaitMs = Math.floor(maxAgeMs / 3_000) * 1_000
  return { ...feed, pollSeconds: Math.min(feed.pollSeconds, maxAgeMs / 3_000), waitMs: () => Math.min(feed.waitMs(), mostWaitMs) }
}

/** The place keeps us waiting: what is on disk decides until it answers. With nothing there, a PDP that is not ready says so after a while. */
function startWithin({ surroundings: { timers } }: BundleFeed, takeKept: () => Promise<void>, taken: () => void, over: () => void): () => void {
  const cancels = [timers.after(diskDecidesMs, () => void takeKept().then(taken)), timers.after(longestStartMs, over)]
  return () => cancels.forEach((cancel) => cancel())
}

const diskDecidesMs = 5_000
const longestStartMs = 30_000

function startOver(): { readonly over: Promise<void>; readonly done: () => void } {
  let done = (): void => undefined
  const over = new Promise<void>((resolve) => (done = resolve))
  return { over, done }
}

/** The place does not answer, or has nothing good. */
async function fromDisk(looks: BundleLooks, health: SourceHealth, signal: AbortSignal, failed: (error: Error) => void): Promise<void> {
  try {
    const takenAt = await looks.takeKept(signal)
    if (takenAt !== undefined) health.answeredAt(takenAt)
  } catch (thrown) {
    failed(thrown instanceof Error ? thrown : new Error(String(thrown)))
  }
}

function assertFresh(health: SourceHealth, now: number, maxMs: number): void {
  const lastSuccess = health.lastSuccess()
  if (lastSuccess === undefined || now - lastSuccess <= maxMs) return
  const age = Math.round((now - lastSuccess) / 1_000)
  const why = health.lastFailure() ?? "nobody has answered since"
  throw new PdpError("ERR_PDP_STALE", `the bundle was the newest ${age} s ago, and at most ${maxMs / 1_000} s are allowed: ${why}; mend its source`)
}

function facts(state: BundleState, looks: BundleLooks): Partial<BundleStatus> {
  const [current, activated] = [state.current(), looks.activated()]
  if (!current || !activated) return {}
  const { type, tag, manifest, bytes, at, signedBy, fromDisk: isFromDisk } = activated
  const { revision } = manifest
  return {
    kind: current.contents.kind,
    type,
    ...(revision !== "" && { revision }),
    ...(tag !== undefined && /^(?:W\/)?"/.test(tag) && { etag: tag }),
    bytes,
    activatedAt: new Date(at).toISOString(),
    ...(signedBy !== undefined && { signedBy }),
    fromDisk: isFromDisk,
  }
}

function documentOf(state: BundleState): unknown {
  const contents = state.current()?.contents
  return contents?.kind === "custom" ? contents.document : {}
}

function modulesIn(state: BundleState): ReadonlyMap<string, string> {
  const contents = state.current()?.contents
  return contents?.kind === "custom" ? contents.rego : new Map()
}

function failuresIn(state: BundleState): readonly string[] {
  return state.current()?.contents.policy.builtinFailures() ?? []
}

function rolesIn(state: BundleState): ReadonlyMap<string, readonly string[]> {
  const contents = state.current()?.contents
  return contents?.kind === "portcullis" ? contents.permissionsByRole : new Map()
}

function contentsOf(state: BundleState): Pick<PdpStatus, "policy" | "authorizationData" | "bindings" | "unknownRoles"> {
  const current = state.current()
  const none = { roles: 0, endpoints: 0, operations: 0, warnings: [], added: [] }
  if (current?.contents.kind !== "portcullis") {
    return {
      policy: { digest: current?.contents.policy.digest ?? "", entrypoints: current?.contents.policy.entrypoints ?? [] },
      authorizationData: { digest: "", ...none },
      bindings: 0,
      unknownRoles: { bindings: 0, roles: [] },
    }
  }
  const { policy, digest, roles, endpoints, operations } = current.contents
  return {
    policy: { digest: policy.digest, entrypoints: policy.entrypoints },
    authorizationData: { ...none, digest, roles, endpoints, operations },
    bindings: current.store.size,
    unknownRoles: unknownRoles(current.store, rolesIn(state)),
  }
}
