import { dataFlags, noFlags, opaJson } from "../opa/index.js"
import { refuse, refuseThrown } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { answerOpa, answerOpaError } from "./opa-answer.js"
import { authorizationEntrypoint } from "./opa-api.js"
import { checkPeer } from "./trust.js"

/** `GET /v1/config`: how this process is configured, without secrets. */
export function serveConfig(context: ServerContext, exchange: Exchange, query: string): void {
  const { opa } = context
  answerResult(context, exchange, query, () => ({
    ...opa.configuration(),
    labels: opa.labels,
    default_decision: `/${opa.defaultDecision}`,
    default_authorization_decision: `/${authorizationEntrypoint}`,
  }))
}

/** `GET /v1/status`: what OPA's status plugin reports, of this process. */
export function serveOpaStatus(context: ServerContext, exchange: Exchange, query: string): void {
  answerResult(context, exchange, query, () => {
    const { ready, revision, sources } = context.pdp.status()
    const failing = sources.find((source) => source.failing)?.failing
    const lastSuccess = sources.map((source) => source.lastSuccess ?? "").reduce((one, other) => (one > other ? one : other), "")
    const bundle = {
      name: "authz",
      ...(revision !== undefined && { active_revision: revision, type: "snapshot" }),
      ...(lastSuccess !== "" && { last_successful_request: lastSuccess }),
      ...(failing && { code: "bundle_error", message: failing.message }),
    }
    return { labels: context.opa.labels, bundles: { authz: bundle }, plugins: pluginsOf(ready) }
  })
}

/** The state of each of OPA's plugins that there is something like here. */
export function pluginsOf(ready: boolean): Readonly<Record<string, { readonly state: string }>> {
  return { bundle: { state: ready ? "OK" : "NOT_READY" }, status: { state: "OK" } }
}

/** `GET /v1/policies`, and `GET /v1/policies/{id}`: the Rego, where it is known. There is no `ast`. */
export async function servePolicies(context: ServerContext, exchange: Exchange, id: string, query: string): Promise<void> {
  const untrusted = checkPeer(context, exchange.request)
  if (untrusted) return refuse(context, exchange, untrusted)
  try {
    const policies = await context.opa.policies()
    if (id === "") return answerOpa(context, exchange, 200, opaJson({ result: policies }, isPretty(query)))
    const policy = policies.find((one) => one.id === id)
    if (policy) return answerOpa(context, exchange, 200, opaJson({ result: policy }, isPretty(query)))
    const message = `storage_not_found_error: policy id ${JSON.stringify(id.slice(0, 128))}`
    answerOpaError(context, exchange, 404, { code: "resource_not_found", message })
  } catch (thrown) {
    refuseThrown(context, exchange, thrown)
  }
}

function answerResult(context: ServerContext, exchange: Exchange, query: string, read: () => object): void {
  const untrusted = checkPeer(context, exchange.request)
  if (untrusted) return refuse(context, exchange, untrusted)
  answerOpa(context, exchange, 200, opaJson({ result: read() }, isPretty(query)))
}

function isPretty(query: string): boolean {
  return (query === "" ? noFlags : dataFlags(new URLSearchParams(query))).pretty
}
