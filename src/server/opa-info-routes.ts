import type { DecisionLogStatus, DropCause } from "../decision-log/index.js"
import { dataFlags, noFlags, opaJson } from "../opa/index.js"
import type { PdpStatus } from "../pdp/pdp.js"
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
    default_decision: `/${opa.defaultDecision()}`,
    default_authorization_decision: `/${authorizationEntrypoint}`,
  }))
}

/** `GET /v1/status`: what OPA's status plugin reports, of this process. */
export function serveOpaStatus(context: ServerContext, exchange: Exchange, query: string): void {
  answerResult(context, exchange, query, () => {
    const log = context.decisionLogs?.status()
    return {
      labels: context.opa.labels,
      bundles: { authz: bundleIn(context.pdp.status()) },
      ...(log && { decision_logs: failureOf(log) }),
      plugins: pluginsOf(context),
      ...(log && { metrics: { "<built-in>": countersOf(log) } }),
    }
  })
}

/** Data that comes from elsewhere than a bundle is told as one, too. */
function bundleIn({ revision, sources, bundle }: PdpStatus): object {
  const failing = sources.find((source) => source.failing)?.failing
  const lastSuccess = sources.map((source) => source.lastSuccess ?? "").reduce((one, other) => (one > other ? one : other), "")
  return {
    name: "authz",
    ...(revision !== undefined && { active_revision: revision, type: bundle?.type ?? "snapshot" }),
    ...(bundle?.bytes !== undefined && { size: bundle.bytes }),
    ...(bundle?.activatedAt !== undefined && { last_successful_activation: bundle.activatedAt }),
    ...(lastSuccess !== "" && { last_successful_request: lastSuccess }),
    ...(failing && { code: "bundle_error", message: failing.message }),
    ...(bundle?.lastError?.httpStatus !== undefined && { http_code: String(bundle.lastError.httpStatus) }),
  }
}

/** The state of each of OPA's plugins that there is something like here. */
export function pluginsOf({ pdp, decisionLogs }: PluginFacts): Readonly<Record<string, { readonly state: string }>> {
  const isOk = { state: "OK" }
  return { bundle: pdp.status().ready ? isOk : { state: "NOT_READY" }, ...(decisionLogs && { decision_logs: isOk }), status: isOk }
}

/** What {@link pluginsOf} needs to know. */
export type PluginFacts = Pick<ServerContext, "pdp" | "decisionLogs">

/** Empty while nothing fails, as in OPA: a sink that is away makes the plugin no worse. */
function failureOf({ sinks }: DecisionLogStatus): object {
  const failing = sinks.find((sink) => sink.failing !== undefined)
  return failing ? { code: "decision_log_error", message: `${failing.name}: ${failing.failing}` } : {}
}

/** OPA's names for what is lost, as far as it is lost here for the same reasons. */
function countersOf({ dropped, sinks }: DecisionLogStatus): Readonly<Record<string, number>> {
  const lost = (...causes: readonly DropCause[]): number => sum(causes.flatMap((cause) => sinks.map((sink) => sink.dropped[cause])))
  return {
    counter_decision_logs_dropped_buffer_size_limit_exceeded: dropped.queue_full,
    counter_decision_logs_dropped_buffer_size_limit_bytes_exceeded: lost("sink_full", "spool_full"),
    counter_decision_logs_encoding_failure: dropped.mask_failed + dropped.invalid,
    counter_enc_log_exceeded_upload_size_limit_bytes: lost("too_large"),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
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
