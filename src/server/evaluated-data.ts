import { builtinErrors, dataAnswer, dataEntrypointNames, decisionIn, decisionsIn, documentAt, entrypointPaths, noFlags } from "../opa/index.js"
import type { DataFlags, DataPlace, DataRequest, OpaError } from "../opa/index.js"
import type { Exchange, ServerContext } from "./context.js"
import { originOf } from "./request-origin.js"

/** One question to the data API. */
export interface DataQuestion {
  readonly place: DataPlace
  readonly asked: DataRequest
  readonly flags: DataFlags
  readonly exchange: Exchange
  /** Milliseconds of the server's clock: when all of the input was read. */
  readonly readAt: number
}

/** What became of it. */
export type EvaluatedData = { readonly result: unknown; readonly answer: object } | { readonly error: OpaError }

/** A question, read now. */
export function questionOf(context: ServerContext, exchange: Exchange, place: DataPlace, asked: DataRequest, flags: DataFlags): DataQuestion {
  return { place, asked, flags, exchange, readAt: flags.metrics ? context.now() : 0 }
}

/** Evaluates a question, and counts the decisions in its result. @throws {PdpError} what the PDP throws */
export function evaluatedData(context: ServerContext, { place, asked, flags, exchange, readAt }: DataQuestion): EvaluatedData {
  const decisionId = context.opa.newDecisionId()
  const origin = decisionId === undefined ? undefined : originOf(exchange, decisionId)
  const failures: string[] = []
  const startedAt = flags.metrics ? context.now() : 0
  const result = valueAt(context, place, asked.input, origin, flags.strict ? failures : undefined)
  if (failures.length > 0) return { error: builtinErrors(failures) }
  if (decisionId === undefined && flags === noFlags) return { result, answer: dataAnswer(result, asked.inputMissing) }
  const parts = {
    decisionId,
    ...(flags.provenance && { provenance: provenanceOf(context) }),
    ...(flags.metrics && { metrics: timersOf(context, exchange, readAt, startedAt) }),
  }
  return { result, answer: dataAnswer(result, asked.inputMissing, parts) }
}

/** Nanoseconds until all of the input was read. */
export function inputTimer({ startedAt }: Exchange, readAt: number): { readonly timer_rego_input_parse_ns: number } {
  return { timer_rego_input_parse_ns: nanoseconds(Math.max(0, readAt - startedAt)) }
}

/** Nanoseconds that an answer took so far. */
export function servingTimer(context: ServerContext, { startedAt }: Exchange): { readonly timer_server_handler_ns: number } {
  return { timer_server_handler_ns: nanoseconds(context.now() - startedAt) }
}

type Origin = Parameters<ServerContext["pdp"]["evaluate"]>[2]

/** @param failures gets what builtins could not answer */
function valueAt(context: ServerContext, place: DataPlace, input: unknown, origin: Origin, failures: string[] | undefined): unknown {
  if (place.entrypoint !== undefined && place.inside.length === 0) return said(context, place.entrypoint, input, origin, failures)
  return documentAt(place, {
    evaluate: (entrypoint) => said(context, entrypoint, input, origin, failures),
    read: () => (context.opa.isCustom() ? context.pdp.data?.read() : undefined),
  })
}

function said(context: ServerContext, entrypoint: string, input: unknown, origin: Origin, failures: string[] | undefined): unknown {
  const { pdp } = context
  const result = pdp.evaluate(entrypoint, input, origin)
  if (failures) failures.push(...(pdp.builtinFailures?.() ?? []))
  count(context, entrypoint, result)
  return result
}

function count({ metrics, opa }: ServerContext, entrypoint: string, result: unknown): void {
  if (opa.isCustom()) {
    const decision = decisionIn(result)
    if (decision !== undefined) metrics.decided(entrypoint, decision ? "allow" : "deny")
    return
  }
  const name = ownEntrypoints.get(entrypoint)
  if (name) for (const allowed of decisionsIn(name, result)) metrics.decided(name, allowed ? "allow" : "deny")
}

const ownEntrypoints = new Map(dataEntrypointNames.map((name) => [entrypointPaths[name], name]))

function provenanceOf({ version, pdp }: ServerContext): object {
  const bundles = { authz: { revision: pdp.revision() } }
  return { version, build_commit: "", build_timestamp: "", build_hostname: "", bundles }
}

/** What a compiled policy spends time on: nothing is parsed or compiled for a query. */
function timersOf(context: ServerContext, exchange: Exchange, readAt: number, startedAt: number): object {
  return {
    ...inputTimer(exchange, readAt),
    timer_rego_query_eval_ns: nanoseconds(context.now() - startedAt),
    ...servingTimer(context, exchange),
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}
