import { entrypointNames, entrypointPaths, isAllowed, type EntrypointName } from "../opa/index.js"
import { answerJson, refuse } from "./answer.js"
import type { Exchange, ServerContext } from "./context.js"
import { whenFresh } from "./fresh.js"
import { readQuestion } from "./question.js"
import { readBody } from "./read-body.js"
import { originOf } from "./request-origin.js"
import { checkTrust } from "./trust.js"

/** Where the PDP API begins; the entrypoint follows. */
export const pdpPrefix = "/apis/auth/v2/authz/"

/** `POST /apis/auth/v2/authz/{entrypoint}`: 200 with the decision, a deny included. */
export function servePdp(context: ServerContext, exchange: Exchange, name: string): void {
  const entrypoint = entrypointNames.find((known) => known === name)
  exchange.route = pdpPrefix + (entrypoint ?? "{entrypoint}")
  const untrusted = checkTrust(context, exchange.request)
  if (untrusted) return refuse(context, exchange, untrusted)
  if (!entrypoint) return refuseEntrypoint(context, exchange, name)
  readBody(exchange.request, context.limits.bodyBytes, (body) => {
    const asked = Buffer.isBuffer(body) ? readQuestion(entrypoint, body, context.limits) : body
    if ("status" in asked) return refuse(context, exchange, asked)
    whenFresh(context, exchange, () => decide(context, exchange, entrypoint, asked.input))
  })
}

/** Any result that is no object is a deny, and counts as an error. */
function decide(context: ServerContext, exchange: Exchange, entrypoint: EntrypointName, input: unknown): void {
  const result = context.pdp.evaluate(entrypointPaths[entrypoint], input, context.decisionLogs && originOf(exchange))
  const sound = typeof result === "object" && result !== null
  const said = isAllowed(entrypoint, result) ? "allow" : "deny"
  context.metrics.decided(entrypoint, sound ? said : "error")
  const text = `{"result":${JSON.stringify(sound ? result : denials[entrypoint])}}`
  answerJson(context, exchange, 200, text, ["X-Portcullis-Revision", context.pdp.revision()])
}

function refuseEntrypoint(context: ServerContext, exchange: Exchange, name: string): void {
  context.metrics.failed("entrypoint_unknown")
  const detail = { error: `Invalid entrypoint: ${name.slice(0, 64)}`, valid_entrypoints: entrypointNames }
  answerJson(context, exchange, 400, JSON.stringify({ detail, code: "entrypoint_unknown" }))
}

const denials: Readonly<Record<EntrypointName, unknown>> = {
  allow: { allowed: false, headers: { "X-NMP-Authorized": "false" } },
  has_permissions: { allowed: false },
  has_role: { has_role: false },
  explain: { allowed: false, reasons: [] },
}
