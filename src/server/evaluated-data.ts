import { builtinErrors, dataAnswer, dataEntrypointNames, decisionIn, decisionsIn, documentAt, entrypointPaths, noFlags } from "../opa/index.js"
import type { DataFlags, DataPlace, DataRequest, OpaError } from "../opa/index.js"
import { isUnnoted } from "../pdp/index.js"
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
  /** Of the batch that it is in. */
  readonly batchDecisionId?: string | undefined
}

/** What became of it. */
export type EvaluatedData = { readonly result: unknown; readonly answer: object } | { readonly error: OpaError }

/** A question, read now. */
export function questionOf(context: ServerContext, exchange: Exchange, place: DataPlace, asked: DataRequest, flags: DataFlags): DataQuestion {
  return { place, asked, flags, exchange, readAt: flags.metrics ? context.now() : 0 }
}

/** Evaluates a question, and counts the decisions in its result. @throws {PdpError} what the PDP throws */
export function evaluatedData(context: ServerContext, { place, asked, flags, exchange, readAt, batchDecisionId }: DataQuestion): EvaluatedData {
  const decisionId = isUnnoted(place.segments.join("/")) ? undefined : context.opa.newDecisionId()
  const origin = decisionId === undefined ? undefined : originOf(exchange, { decisionId, ...(batchDecisionId !== undefined && { batchDecisionId }) })
  const startedAt = flags.metrics ? context.now() : 0
  const result = valueAt(context, place, asked.input, origin, flags.strict)
  if (result instanceof BuiltinFailures) return { error: builtinErrors(result.messages) }
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

function valueAt(context: ServerContext, place: DataPlace, input: unknown, origin: Origin, isStrict: boolean): unknown {
  const { pdp } = context
  const { entrypoint, inside, segments } = place
  if (entrypoint !== undefined && inside.length === 0 && !isStrict) return said(context, entrypoint, () => pdp.evaluate(entrypoint, input, origin))
  const read = (evaluate: (entrypoint: string) => unknown): unknown => {
    const failures: string[] = []
    const value = documentAt(place, {
      evaluate: (name) => {
        const result = said(context, name, () => evaluate(name))
        if (isStrict) failures.push(...(pdp.builtinFailures?.() ?? []))
        return result
      },
      read: () => (context.opa.isCustom() ? pdp.data?.read() : undefined),
    })
    if (failures.length > 0) throw new BuiltinFailures(failures)
    return value
  }
  try {
    return pdp.document ? pdp.document(segments.join("/"), input, read, origin) : read((name) => pdp.evaluate(name, input))
  } catch (thrown) {
    if (thrown instanceof BuiltinFailures) return thrown
    throw thrown
  }
}

/** What builtins could not answer, where that is an error. */
class BuiltinFailures extends Error {
  readonly messages: readonly string[]

  constructor(messages: readonly string[]) {
    super("builtins failed")
    this.messages = messages
  }
}

function said(context: ServerContext, entrypoint: string, evaluate: () => unknown): unknown {
  const result = evaluate()
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
