import { PdpError } from "../errors.js"
import { dataAt, DataEditError, dataFlags, dataOperations, dataPatched, pathSegments, dataWithout, dataWithValue, opaJson } from "../opa/index.js"
import { refusal, type Refusal } from "../model/refusal.js"
import type { PolicyData } from "../pdp/pdp.js"
import { answerJson, refuse, refuseThrown } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { servingTimer, inputTimer } from "./evaluated-data.js"
import { answerNothing, answerOpaError } from "./opa-answer.js"
import { readWrittenBody } from "./opa-body.js"
import { checkedJson } from "./question.js"
import { checkPeer } from "./trust.js"

/** Which documents a write makes of the present one. It throws {@link DataEditError}, and {@link AlreadyThere}. */
type Edit = (document: unknown) => unknown

/** `PUT|PATCH|DELETE /v1/data/…`: changes the data of a policy of somebody's own, where that is allowed. */
export function serveDataWrite(context: ServerContext, exchange: Exchange, rest: string, query: string): void {
  exchange.route = "/v1/data"
  const refused = checkPeer(context, exchange.request) ?? checkWritable(context)
  if (refused) return refuse(context, exchange, refused)
  const { data } = context.pdp
  const segments = pathSegments(rest)
  if (segments === "malformed" || !data) return refuse(context, exchange, refusal(400, "input_invalid", "the path holds a malformed percent escape"))
  const wantsMetrics = query !== "" && dataFlags(new URLSearchParams(query)).metrics
  const write = (edit: Edit): void => void written(context, exchange, data, edit, wantsMetrics)
  if (exchange.request.method === "DELETE") return write((document) => dataWithout(document, segments))
  readWrittenBody(context, exchange, (body) => {
    const sent = Buffer.isBuffer(body) ? checkedJson(body, context.limits) : body
    if ("status" in sent) return refuse(context, exchange, sent)
    write(exchange.request.method === "PUT" ? putting(exchange, segments, sent.value) : patching(segments, sent.value))
  })
}

function checkWritable({ opa }: ServerContext): Refusal | undefined {
  if (!opa.isCustom()) return refusal(400, "input_invalid", "data is read-only here: role bindings and authorization data change at their sources")
  return opa.dataWrites ? undefined : refusal(400, "input_invalid", "data is read-only here; set opa.data_writes to allow writes")
}

function putting({ request }: Exchange, segments: readonly string[], value: unknown): Edit {
  const onlyWhenNew = request.headers["if-none-match"] === "*"
  return (document) => {
    if (onlyWhenNew && dataAt(document, segments) !== undefined) throw new AlreadyThere()
    return dataWithValue(document, segments, value)
  }
}

function patching(segments: readonly string[], body: unknown): Edit {
  return (document) => dataPatched(document, dataOperations(body, segments))
}

/** `If-None-Match: *` of a document that is there. */
class AlreadyThere extends Error {}

async function written(context: ServerContext, exchange: Exchange, data: PolicyData, edit: Edit, wantsMetrics: boolean): Promise<void> {
  const readAt = context.now()
  try {
    const revision = await data.edit((before) => {
      const after = edit(before)
      assertOwn(before, after)
      assertNoRule(after, context.pdp.status().policy.entrypoints)
      return after
    })
    const head = ["X-Portcullis-Revision", revision]
    if (!wantsMetrics) return answerNothing(context, exchange, 204, head)
    answerJson(context, exchange, 200, opaJson({ metrics: { ...inputTimer(exchange, readAt), ...servingTimer(context, exchange) } }, false), head)
  } catch (thrown) {
    if (thrown instanceof AlreadyThere) return answerNothing(context, exchange, 304)
    if (thrown instanceof DataEditError) return answerOpaError(context, exchange, thrown.status, { code: thrown.code, message: thrown.message })
    if (thrown instanceof PdpError && thrown.code === "ERR_POLICY_INVALID")
      return refuse(context, exchange, refusal(400, "input_invalid", thrown.message))
    refuseThrown(context, exchange, thrown)
  }
}

/** What begins with `authz` is for the product's policy, whoever writes. */
function assertOwn(before: unknown, after: unknown): void {
  for (const name of new Set([...ownedNames(before), ...ownedNames(after)]))
    if (dataAt(before, [name]) !== dataAt(after, [name])) throw new DataEditError(400, "invalid_parameter", `path ${name} is owned by bundle "authz"`)
}

function ownedNames(document: unknown): readonly string[] {
  return Object.keys(Object(document)).filter((name) => name.startsWith("authz"))
}

/** Base data may not stand where a rule does. */
function assertNoRule(document: unknown, entrypoints: readonly string[]): void {
  const taken = entrypoints.find((entrypoint) => isTaken(document, entrypoint.split("/")))
  if (taken !== undefined)
    throw new DataEditError(400, "invalid_parameter", `1 error occurred: rego_compile_error: conflicting rule for data path ${taken} found`)
}

function isTaken(document: unknown, segments: readonly string[]): boolean {
  for (let length = 1; length <= segments.length; length++) {
    const value = dataAt(document, segments.slice(0, length))
    if (value === undefined) return false
    if (typeof value !== "object" || value === null || Array.isArray(value)) return true
  }
  return true
}
