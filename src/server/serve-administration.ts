import type { Administration, WriteOptions } from "../administration/index.js"
import type { Principal } from "../model/principal.js"
import { assertAllowed } from "../pdp/index.js"
import { refusedResponse } from "./administration-refusal.js"
import type { AdministrationRoute, Outcome } from "./administration-route.js"
import type { ServerContext } from "./context.js"
import type { AppContext } from "./hono-app.js"
import { json } from "./json.js"
import { pathParams } from "./path-params.js"
import { isReached, reaches } from "./propagation.js"
import { readQuery, type Query } from "./query.js"
import { noJson, readJson, type SentJson } from "./read-json.js"
import { fleetAnswer, isEverywhere, reachesFleet } from "./fleet-wait.js"
import { goneSignal } from "./gone.js"
import { credentialsOf } from "./trust.js"

/**
 * Serves one operation: who asks; wait until decisions are as new as the caller wants; may he, by the raw request target, so that whatever is not
 * canonical is denied first; then body and query, the operation, which asks once more inside its transaction, and the answer.
 */
export async function serveAdministration(
  context: ServerContext,
  administration: Administration,
  route: AdministrationRoute,
  c: AppContext,
): Promise<Response> {
  const { incoming, outgoing } = c.env
  const target = incoming.url ?? ""
  const signal = goneSignal(outgoing)
  try {
    const caller = await admit(context, route, c, signal)
    const query = readQuery(target, route.givesRoles === true ? "roles" : route.kind)
    const params = pathParams(route.path, target)
    const body = route.body ? await readJson(incoming, context.limits) : noJson
    if ("status" in body) return refusedResponse(context, route.path, c, body)
    const revision = context.pdp.revision()
    const options = optionsOf(route, incoming.headers["idempotency-key"], body)
    const call = { administration, caller, param: (name: string) => params.get(name) ?? "", filter: query.filter, page: query.page, options }
    const outcome = await route.run(call, body.value)
    return await answered(context, route, query, outcome, revision, signal)
  } catch (thrown) {
    return refusedResponse(context, route.path, c, thrown)
  }
}

/**
 * Who asks, once he may. Only trusted callers, and those who may write, are waited for; others are answered at once, or told that it is too early.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, `ERR_DENIED`, and what `atLeast` rejects with
 */
async function admit(context: ServerContext, route: AdministrationRoute, c: AppContext, signal: AbortSignal): Promise<Principal> {
  const { incoming } = c.env
  const credentials = credentialsOf(context, c.env)
  const isTrusted = credentials.trust !== "none"
  const { principal } = await context.authenticate(credentials)
  const wanted = incoming.headers["x-portcullis-at-least"]
  const waitMs = isTrusted || route.kind === "write" ? context.limits.atLeastSeconds * 1_000 : 0
  const waited = async (): Promise<void> => {
    if (wanted !== undefined) await context.atLeast(String(wanted), { timeoutMs: waitMs, signal })
  }
  if (isTrusted) await waited()
  assertAllowed(context.pdp, { principal, method: incoming.method ?? "", path: incoming.url ?? "" })
  if (!isTrusted) await waited()
  return principal
}

function optionsOf(route: AdministrationRoute, key: string | string[] | undefined, body: SentJson): WriteOptions {
  return route.method === "POST" && key !== undefined ? { idempotency: { key: String(key), body: body.text } } : {}
}

async function answered(
  context: ServerContext,
  route: AdministrationRoute,
  query: Query,
  outcome: Outcome,
  revision: string,
  signal: AbortSignal,
): Promise<Response> {
  if ("read" in outcome) return json(200, outcome.read, { "X-Portcullis-Revision": revision })
  const { written } = outcome
  const timeoutMs = context.limits.propagationSeconds * 1_000
  const startedAt = context.now()
  const isHere = query.wait ? await reaches(context, written.revision, { timeoutMs, signal }) : isReached(context.pdp, written.revision)
  const leftMs = Math.max(0, timeoutMs - (context.now() - startedAt))
  const reach = query.waitsForFleet ? await reachesFleet(context, written.revision, { timeoutMs: isHere ? leftMs : 0, signal }) : undefined
  const propagated = isHere && (!reach || isEverywhere(reach))
  const status = query.wait && !propagated ? 202 : route.status
  const headers = { "X-Portcullis-Revision": written.revision, ...(written.replayed && { "Idempotent-Replayed": "true" }) }
  return json(status, { ...written.value, revision: written.revision, propagated, ...(reach && { fleet: fleetAnswer(reach) }) }, headers)
}
