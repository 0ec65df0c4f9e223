import { challengeFor } from "../authn/index.js"
import { refusalText, type Refusal } from "../model/refusal.js"

/** An answer to a request that is not let in. */
export interface RefusedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON: `{"detail","code",…}`. */
  readonly text: string
}

/** What goes with a refusal. */
export interface RefusalContext {
  /** The state that denies. */
  readonly revision: string | undefined
  /** Named in answers that somebody may have to ask about: 403 and 500. */
  readonly decisionId: string | undefined
}

/** The answer that the sidecar gives for the same reason; no cache keeps it. */
export function refusedAnswer(reason: Refusal, { revision, decisionId }: RefusalContext): RefusedAnswer {
  const { status } = reason
  const shown = status === 500 ? { ...reason, message: insideText, details: {} } : reason
  const text = refusalText({ ...shown, details: { ...shown.details, ...(decisionId !== undefined && { decision_id: decisionId }) } })
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(text)),
    "Cache-Control": "no-store",
    ...((status === 401 || reason.code === "scope_missing") && { "WWW-Authenticate": challengeFor(reason.code, scopesOf(reason)) }),
    ...(status === 403 && revision !== undefined && { "X-Portcullis-Revision": revision }),
    ...(status === 503 ? { "Retry-After": reason.code === "idp_unavailable" ? idpRetrySeconds : "1" } : { "x-should-retry": "false" }),
    ...reason.headers,
  }
  return { status, headers, text }
}

function scopesOf({ details }: Refusal): readonly string[] {
  const scopes: readonly unknown[] = Array.isArray(details?.["required_scopes"]) ? details["required_scopes"] : []
  return scopes.filter((scope) => typeof scope === "string")
}

/** An identity provider is asked no more than once in so long, by default. */
const idpRetrySeconds = "5"
const insideText = "this failed inside; the log of this server may say why, by the decision_id of this answer"
