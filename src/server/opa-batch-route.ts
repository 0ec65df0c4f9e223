import {
  batchAnswer,
  dataFlags,
  noFlags,
  opaJson,
  readBatch,
  type BatchInput,
  type BatchOutcome,
  type DataFlags,
  type DataPlace,
  type DataRequest,
} from "../opa/index.js"
import { refusal, type Refusal } from "../model/refusal.js"
import { refuse, thrownError } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { placeOf } from "./data-route.js"
import { evaluatedData, servingTimer, questionOf, type DataQuestion } from "./evaluated-data.js"
import { whenFresh } from "./fresh.js"
import { answerOpa } from "./opa-answer.js"
import { readOpaBody } from "./opa-body.js"
import { checkedData, checkedJson } from "./question.js"

/** Where the batch API begins. */
export const batchPrefix = "/v1/batch/data"

/** `POST /v1/batch/data/…`: many inputs, one place, one state of the data; an input that fails is an error of its own and never a decision. */
export function serveBatch(context: ServerContext, exchange: Exchange, rest: string, query: string): void {
  const place = placeOf(context, exchange, rest, batchPrefix)
  if ("status" in place) return refuse(context, exchange, place)
  const flags = query === "" ? noFlags : dataFlags(new URLSearchParams(query))
  readOpaBody(context, exchange, (body) => {
    const inputs = Buffer.isBuffer(body) ? inputsOf(context, body) : body
    if ("status" in inputs) return refuse(context, exchange, inputs)
    whenFresh(context, exchange, () => answerBatch(context, exchange, place, inputs, flags))
  })
}

function inputsOf(context: ServerContext, bytes: Buffer): readonly BatchInput[] | Refusal {
  const body = checkedJson(bytes, context.limits)
  if ("status" in body) return body
  const inputs = readBatch(body.value)
  return typeof inputs === "string" ? refusal(400, "input_invalid", inputs) : inputs
}

function answerBatch(context: ServerContext, exchange: Exchange, place: DataPlace, inputs: readonly BatchInput[], flags: DataFlags): void {
  const revision = context.pdp.revision()
  const id = context.opa.newDecisionId()
  const outcomes = inputs.map((input) =>
    outcomeOf(context, input, (asked) => ({
      ...questionOf(context, exchange, place, asked, flags),
      batchDecisionId: id,
    })),
  )
  const frame = { ...(id !== undefined && { batch_decision_id: id }), ...(flags.metrics && { metrics: servingTimer(context, exchange) }) }
  const { status, body } = batchAnswer(outcomes, frame)
  if (status === 500) context.metrics.failed("internal_error")
  answerOpa(context, exchange, status, opaJson(body, flags.pretty), ["X-Portcullis-Revision", revision])
}

function outcomeOf(context: ServerContext, { id, input }: BatchInput, question: (asked: DataRequest) => DataQuestion): BatchOutcome {
  const wrong = checkedData(context, input)
  if (wrong) return { id, error: { code: "invalid_parameter", message: wrong.message } }
  try {
    const evaluated = evaluatedData(context, question({ input, inputMissing: false }))
    return "error" in evaluated ? { id, error: evaluated.error } : { id, answer: evaluated.answer }
  } catch (thrown) {
    return { id, error: thrownError(thrown) }
  }
}
