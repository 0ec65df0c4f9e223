import type { DecisionEntry, KeptQuestion, RequestOrigin } from "./entry.js"
import { withoutTokens } from "./scrub.js"
import { timestamp } from "./timestamp.js"

/**
 * One event of the decision log: OPA's members, and ours beside them.
 *
 * @see https://www.openpolicyagent.org/docs/management-decision-logs
 */
export interface LogEvent {
  readonly labels: Readonly<Record<string, string>>
  /** A UUID. */
  readonly decision_id: string
  /** The same of all that were asked in one batch. */
  readonly batch_decision_id?: string
  readonly trace_id?: string
  readonly span_id?: string
  /** What it was decided on. */
  readonly revision?: string
  readonly bundles?: Readonly<Record<string, { readonly revision: string }>>
  /** The entrypoint, or the place below it or above it, that was asked for: `authz/allow`, `todo/decision/allowed`. */
  readonly path?: string
  readonly input?: unknown
  /** Absent: undefined. */
  readonly result?: unknown
  readonly nd_builtin_cache?: unknown
  /** JSON pointers of what was taken out, and of what was replaced. */
  readonly erased?: readonly string[]
  readonly masked?: readonly string[]
  /** No decision could be made. */
  readonly error?: { readonly code: string }
  /** `address:port`. */
  readonly requested_by?: string
  /** RFC 3339, to the nanosecond. */
  readonly timestamp: string
  /** `timer_…_ns`, in nanoseconds. */
  readonly metrics?: Readonly<Record<string, number>>
  readonly req_id?: number
  readonly request_context?: { readonly http: { readonly headers: Readonly<Record<string, readonly string[]>> } }
  /** Ours: the decision in a word; absent for what is none. */
  readonly allowed?: boolean
  /** Ours: the first of `reasons`. */
  readonly reason?: string
  /** Ours: why it was denied; absent when nobody found out. */
  readonly reasons?: readonly string[]
  /** Ours: the path template that matched. */
  readonly endpoint?: string
  /** Ours: reasons were looked for on this state, not on that of `revision`. Reasons that do not go with the decision are left out. */
  readonly reasons_revision?: string
  /** Ours: who sent this event here, to which partition, and when. */
  readonly received?: { readonly from: string; readonly partition?: string; readonly at: string }
}

/** What all events of a process share. */
export interface EventFrame {
  readonly labels: Readonly<Record<string, string>>
  /** What bundles name this policy. */
  readonly bundle: string
  readonly newId: () => string
}

/** The event of a decision, without its reasons. */
export function eventOf(entry: DecisionEntry, { labels, bundle, newId }: EventFrame): LogEvent {
  const { path, question, revision, allowed, error, erased, origin, at, tookMs } = entry
  const input = question ? questionInput(question) : entry.input
  const result = question ? questionResult(path, allowed) : entry.result
  return {
    labels,
    decision_id: origin?.decisionId ?? newId(),
    ...(origin?.batchDecisionId !== undefined && { batch_decision_id: origin.batchDecisionId }),
    ...(origin?.traceId !== undefined && { trace_id: origin.traceId }),
    ...(origin?.spanId !== undefined && { span_id: origin.spanId }),
    ...(revision !== undefined && { revision, bundles: { [bundle]: { revision } } }),
    path: withoutTokens(path),
    ...(input !== undefined && { input }),
    ...(result !== undefined && error === undefined && { result }),
    ...(erased.length > 0 && { erased }),
    ...(error !== undefined && { error: { code: error } }),
    ...(origin?.requestedBy !== undefined && { requested_by: origin.requestedBy }),
    timestamp: timestamp(at),
    metrics: { timer_rego_query_eval_ns: Math.max(0, Math.round(tookMs * 1e6)) },
    ...(origin?.requestNumber !== undefined && { req_id: origin.requestNumber }),
    ...contextOf(origin),
    ...(allowed !== undefined && { allowed }),
  }
}

/** The policy input that a question of the library becomes. */
function questionInput({ principal, method, path, workspace, permissions, role, effective }: KeptQuestion): Readonly<Record<string, unknown>> {
  const { kind, id, email, groups, scopes, onBehalfOf: delegate } = principal
  const isOfCaller = !delegate || Boolean(delegate.email) || (delegate.groups?.length ?? 0) > 0
  return {
    principal_id: kind === "service" ? `service:${id}` : id,
    ...(delegate && { on_behalf_of_principal_id: delegate.id }),
    ...(delegate?.email && { on_behalf_of_principal_email: delegate.email }),
    ...(delegate?.groups && delegate.groups.length > 0 && { on_behalf_of_principal_groups: delegate.groups }),
    ...(isOfCaller && email && { principal_email: email }),
    ...(isOfCaller && groups && groups.length > 0 && { principal_groups: groups }),
    ...(scopes && { scopes }),
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path: withoutTokens(path) }),
    ...(workspace !== undefined && { workspace }),
    ...(permissions && { permissions }),
    ...(role !== undefined && { role }),
    ...(effective !== undefined && { effective }),
  }
}

function questionResult(path: string, allowed: boolean | undefined): unknown {
  return path === "authz/has_role" ? { has_role: allowed } : { allowed }
}

function contextOf(origin: RequestOrigin | undefined): Pick<LogEvent, "request_context"> {
  if (origin?.host === undefined && origin?.requestId === undefined) return {}
  const { host, requestId } = origin
  const headers = {
    ...(host !== undefined && { Host: [withoutTokens(host)] }),
    ...(requestId !== undefined && { "X-Request-Id": [withoutTokens(requestId)] }),
  }
  return { request_context: { http: { headers } } }
}
