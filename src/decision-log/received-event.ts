import { randomUUID } from "node:crypto"
import { z } from "zod"
import { maskedInput, maskedResult } from "./builtin-mask.js"
import type { LogEvent } from "./event.js"
import type { LogSender } from "./intake.js"
import { isSecretName, keptHeaders, scrubbed, withoutTokens } from "./scrub.js"
import { timestamp } from "./timestamp.js"

const text = z.string().max(4_096)
const id = z.string().max(256)
const texts = z.array(text).max(10_000)

const ReceivedEvent = z.looseObject({
  labels: z.record(id, text).optional(),
  decision_id: id.optional(),
  batch_decision_id: id.optional(),
  trace_id: id.optional(),
  span_id: id.optional(),
  revision: id.optional(),
  bundles: z.record(id, z.looseObject({ revision: id.optional() })).optional(),
  path: text.optional(),
  query: z.string().optional(),
  input: z.unknown().optional(),
  result: z.unknown().optional(),
  mapped_result: z.unknown().optional(),
  nd_builtin_cache: z.unknown().optional(),
  erased: texts.nullish(),
  masked: texts.nullish(),
  error: z.unknown().optional(),
  requested_by: id.optional(),
  timestamp: id.optional(),
  metrics: z.record(id, z.unknown()).optional(),
  req_id: z.int().min(0).optional(),
  request_context: z.looseObject({ http: z.looseObject({ headers: z.record(id, z.array(text)).nullish() }).nullish() }).nullish(),
  custom: z.unknown().optional(),
  reason: id.optional(),
  reasons: z.array(id).max(100).optional(),
  endpoint: text.optional(),
  reasons_revision: id.optional(),
})
/** Events as an OPA sends them, of whatever version, or another Portcullis. */
export const ReceivedEvents = z.array(ReceivedEvent)
export type ReceivedEvents = z.infer<typeof ReceivedEvents>

/**
 * What is kept of an event that somebody else made, masked like one of ours: the caches of builtins hold requests with their credentials, and are
 * always taken out. Members that neither OPA nor a log like this one has are left out.
 */
export function receivedEvent(event: ReceivedEvents[number], sender: LogSender, at: number): LogEvent {
  const { query, input, result, mapped_result: mapped, nd_builtin_cache: cache, error, custom, masked, metrics } = event
  const path = withoutTokens(event.path ?? "")
  const asked = maskedInput(path, input)
  const answered = maskedResult(path, result)
  const erased = [
    ...(event.erased ?? []).map(withoutTokens),
    ...asked.erased,
    ...answered.erased,
    ...(cache === undefined ? [] : ["/nd_builtin_cache"]),
  ]
  const allowed = allowedIn(result)
  return {
    ...plainMembers(event),
    labels: textsIn(Object.entries(event.labels ?? {}).filter(([name]) => !isSecretName(name))),
    decision_id: withoutTokens(event.decision_id ?? randomUUID()),
    timestamp: withoutTokens(event.timestamp ?? timestamp(at)),
    ...(path !== "" && { path }),
    ...(query !== undefined && { query: withoutTokens(query) }),
    ...(input !== undefined && { input: asked.value }),
    ...(result !== undefined && { result: answered.value }),
    ...(mapped !== undefined && { mapped_result: maskedResult(path, mapped).value }),
    ...(erased.length > 0 && { erased }),
    ...(masked && { masked: masked.map(withoutTokens) }),
    ...(error !== undefined && { error: { ...errorIn(error) } }),
    ...(custom !== undefined && { custom: scrubbed(custom, "/custom").value }),
    ...(metrics && { metrics: numbersIn(metrics) }),
    ...contextOf(event.request_context?.http?.headers ?? {}),
    ...(allowed !== undefined && { allowed }),
    ...explanationIn(event),
    received: { from: sender.name, ...(sender.partition !== undefined && { partition: withoutTokens(sender.partition) }), at: timestamp(at) },
  }
}

function plainMembers({ batch_decision_id, trace_id, span_id, revision, bundles, requested_by, req_id }: ReceivedEvents[number]): Partial<LogEvent> {
  return {
    ...textMember("batch_decision_id", batch_decision_id),
    ...textMember("trace_id", trace_id),
    ...textMember("span_id", span_id),
    ...textMember("revision", revision),
    ...(bundles && { bundles: Object.fromEntries(Object.entries(bundles).map(([name, one]) => [withoutTokens(name), revisionIn(one)])) }),
    ...textMember("requested_by", requested_by),
    ...(req_id !== undefined && { req_id }),
  }
}

function textMember(name: string, text: string | undefined): Readonly<Record<string, string>> {
  return text === undefined ? {} : { [name]: withoutTokens(text) }
}

function textsIn(members: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(members.map(([name, text]) => [withoutTokens(name), withoutTokens(text)]))
}

function revisionIn({ revision = "" }: { readonly revision?: string | undefined }): { readonly revision: string } {
  return { revision: withoutTokens(revision) }
}

function explanationIn({ reason, reasons, endpoint, reasons_revision }: ReceivedEvents[number]): Partial<LogEvent> {
  return {
    ...(reason !== undefined && { reason: withoutTokens(reason) }),
    ...(reasons && { reasons: reasons.map(withoutTokens) }),
    ...(endpoint !== undefined && { endpoint: withoutTokens(endpoint) }),
    ...(reasons_revision !== undefined && { reasons_revision: withoutTokens(reasons_revision) }),
  }
}

/** Messages may repeat what was asked. */
function errorIn(error: unknown): { readonly code: string; readonly message?: unknown } {
  const { value } = scrubbed(error, "/error")
  const code = typeof value === "object" && value !== null && "code" in value && typeof value.code === "string" ? value.code : "unknown"
  const message = typeof value === "object" && value !== null && "message" in value ? value.message : typeof value === "string" ? value : undefined
  return { code, ...(message !== undefined && { message }) }
}

function numbersIn(metrics: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => (typeof value === "number" ? [[withoutTokens(name), value] as const] : [])),
  )
}

function contextOf(headers: Readonly<Record<string, readonly string[]>>): Pick<LogEvent, "request_context"> {
  const kept = Object.entries(headers).filter(([name]) => keptHeaders.has(name.toLowerCase()))
  if (kept.length === 0) return {}
  return { request_context: { http: { headers: Object.fromEntries(kept.map(([name, values]) => [name, values.map(withoutTokens)])) } } }
}

function allowedIn(result: unknown): boolean | undefined {
  if (typeof result === "boolean") return result
  return typeof result === "object" && result !== null && "allowed" in result && typeof result.allowed === "boolean" ? result.allowed : undefined
}
