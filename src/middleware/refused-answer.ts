import { authenticationReasons, refusalHeaders } from "../authn/index.js"
import { refusalText, type Refusal } from "../model/refusal.js"
import { inOptionNames } from "./option-names.js"

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
  /** When it is worth trying again after an identity provider could not be asked. */
  readonly retrySeconds: number
}

/** The answer that the sidecar gives for the same reason; no cache keeps it. */
export function refusedAnswer(reason: Refusal, { revision, decisionId, retrySeconds }: RefusalContext): RefusedAnswer {
  const { status } = reason
  const isCredentials = Object.hasOwn(authenticationReasons, reason.code)
  const message = isCredentials ? inOptionNames(reason.message) : reason.message
  const shown = status === 500 ? { ...reason, message: insideText, details: {} } : { ...reason, message }
  const text = refusalText({ ...shown, details: { ...shown.details, ...(decisionId !== undefined && { decision_id: decisionId }) } })
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(text)),
    "Cache-Control": "no-store",
    ...refusalHeaders(reason, { revision, retrySeconds }),
  }
  return { status, headers, text }
}

const insideText = "this failed inside; the log of this server may say why, by the decision_id of this answer"
