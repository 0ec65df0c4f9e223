import { formatRevision } from "../model/revision.js"
import { memberState, type FleetMember } from "../fleet/index.js"
import { refusedResponse } from "./administration-refusal.js"
import { permittedClient } from "./bundle-access.js"
import { assertMaySeeFleet } from "./bundle-right.js"
import type { ServerContext } from "./context.js"
import type { AppContext } from "./hono-app.js"
import { shownProcesses } from "./fleet-processes.js"
import { json } from "./json.js"

/** Where the fleet is shown. */
export const fleetPath = "/fleet"

/** `GET /fleet`: the OPAs that take bundles from this process, this process, and those on the same database. For who may fetch bundles. */
export async function fleet(context: ServerContext, c: AppContext): Promise<Response> {
  try {
    await permittedClient(context, c.env, assertMaySeeFleet)
    const { distribution, pdp } = context
    await distribution.publish()
    const processes = await shownProcesses(context)
    const { revision } = pdp.status()
    const opas = distribution.fleet.members().map((member) => shownMember(context, member))
    const headers: Record<string, string> = revision === undefined ? {} : { "X-Portcullis-Revision": revision }
    const answer = { ...(revision !== undefined && { revision }), ...processes, opas, more_opas: distribution.fleet.hasUntracked() }
    return json(200, answer, { "Cache-Control": "no-store", ...headers })
  } catch (thrown) {
    return refusedResponse(context, fleetPath, c, thrown)
  }
}

function shownMember({ distribution: { published } }: ServerContext, member: FleetMember): object {
  const behind = member.state && published.behind(member.state)
  return {
    id: member.id,
    state: memberState(member, published),
    known_by: member.knownBy,
    ...(member.state && { revision: formatRevision(member.state) }),
    ...(behind?.revisions !== undefined && { lag_revisions: behind.revisions }),
    ...(behind?.sinceMs !== undefined && { lag_seconds: seconds(behind.sinceMs) }),
    seen_seconds_ago: seconds(member.silentMs),
    who: member.who,
    address: member.address,
    program: member.userAgent.startsWith("portcullis/") ? "portcullis" : "opa",
    ...(member.version !== undefined && { version: member.version }),
    labels: member.labels,
    bundles: member.bundles.map(({ name, revision, error }) => ({
      name,
      ...(revision !== undefined && { revision }),
      ...(error && { error: { code: error.code, message: error.message, ...(error.httpCode !== undefined && { http_code: error.httpCode }) } }),
    })),
  }
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000
}
