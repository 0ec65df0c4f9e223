import { formatFinding } from "../authorization-data/index.js"
import { messageOf } from "../errors.js"
import type { Pdp, PdpStatus, UnknownRole } from "../pdp/index.js"
import type { Logger } from "../telemetry/index.js"

/** Logs how a PDP is, and from then on what becomes of it. What is worth a warning is said once, and again when it is something else. */
export function logPdp(pdp: Pdp, logger: Logger): void {
  const logData = logsOfData(logger)
  logStart(pdp.status(), logger)
  logData(pdp.status())
  pdp.on("activation", (event) => {
    logger.info(event, "new state decides")
    logData(pdp.status())
  })
  pdp.on("authorizationData", () => logData(pdp.status()))
  pdp.on("refreshFailure", ({ source, error, attempt, retryInMs }) =>
    logger.warn(
      { source, reason: messageOf(error), attempt, retryInMs },
      pdp.status().ready ? "refresh failed; the last good state decides" : "refresh failed; there is nothing to decide on",
    ),
  )
  pdp.on("refreshRecovery", ({ source, failures, failedForMs }) =>
    logger.info({ source, failures, failedForSeconds: Math.round(failedForMs / 1_000) }, "refresh works again"),
  )
}

function logStart({ ready, revision, bindings, authorizationData, sources, snapshot }: PdpStatus, logger: Logger): void {
  const { digest, roles, endpoints, operations } = authorizationData
  if (ready) logger.info({ revision, bindings, authorizationData: { digest, roles, endpoints, operations } }, "decisions can be made")
  for (const { name, failing, ageSeconds } of sources) {
    if (!failing) continue
    if (ready)
      logger.warn(
        { source: name, reason: failing.message, ageSeconds, snapshot: snapshot?.path },
        "this source does not answer; the snapshot on disk decides",
      )
    else logger.error({ source: name, reason: failing.message }, "no decisions until this source answers")
  }
  if (snapshot?.failing) logger.error({ snapshot: snapshot.path, reason: snapshot.failing.message }, "the snapshot cannot be used")
}

/** Logs what the loader of the authorization data found and added, and the roles that bindings name in vain, whenever that has changed. */
function logsOfData(logger: Logger): (status: PdpStatus) => void {
  const [areNewWarnings, areNewAdditions, areNewRoles] = [newsOf(), newsOf(), newsOf()]
  return ({ authorizationData: { warnings, added }, unknownRoles }) => {
    if (areNewWarnings(warnings)) for (const finding of warnings) logger.warn(`authorization data: ${formatFinding(finding)}`)
    if (areNewAdditions(added)) logger.info({ added }, "the hardened profile adds this to the reference document")
    const names = unknownRoles.roles.map(({ role }) => role).toSorted()
    if (!areNewRoles(names)) return
    if (names.length === 0) logger.info("every role that bindings name is there")
    else logger.warn(unknownRoles, `bindings name roles that the authorization data does not have: ${unknownRoles.roles.map(inWords).join(", ")}`)
  }
}

/** Tells whether a list says something else than the last one; the first is compared with an empty one. */
function newsOf(): (list: readonly unknown[]) => boolean {
  let last: readonly unknown[] = []
  return (list) => {
    const before = last
    last = list
    return list !== before && JSON.stringify(list) !== JSON.stringify(before)
  }
}

function inWords({ role, nearest }: UnknownRole): string {
  return nearest === undefined ? `'${role}'` : `'${role}' (did you mean '${nearest}'?)`
}
