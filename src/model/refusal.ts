import { httpStatusByCode, messageOf, PdpError } from "../errors.js"

/** Why a request is not served: one error answer. */
export interface Refusal {
  readonly status: number
  /** The PdpError code in lower case without `ERR_`, or a reason of its own where there is one. */
  readonly code: string
  /** What was wrong and what to do about it. */
  readonly message: string
  /** Facts for programs, members of the body beside `detail` and `code`. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal. @param headers beside those that every answer has */
export function refusal(status: number, code: string, message: string, headers?: Readonly<Record<string, string>>): Refusal {
  return headers ? { status, code, message, headers } : { status, code, message }
}

/** The answer to something that was thrown; what is not a `PdpError` tells callers nothing about itself. */
export function refusalOf(thrown: unknown): Refusal {
  if (!(thrown instanceof PdpError)) return refusal(500, "internal", insideText)
  if (thrown.code === "ERR_EVALUATION") return thrown.reason === "memory_exhausted" ? tooMuchToDecide : refusal(500, "evaluation", insideText)
  const code = thrown.reason ?? thrown.code.slice("ERR_".length).toLowerCase()
  const status = thrown.reason === "headers_too_large" ? 431 : httpStatusByCode[thrown.code]
  return { ...refusal(status, code, messageOf(thrown), thrown.code === "ERR_OVERLOADED" ? retrySoon : undefined), details: thrown.details }
}

/** The body of an error answer: `{"detail","code"}`, and what else there is to say. */
export function refusalText({ message, code, details }: Refusal): string {
  return JSON.stringify({ detail: message, code, ...details })
}

const insideText = "this failed inside; the log says why, by the request id of this answer"
const tooMuchToDecide = refusal(413, "too_large", "deciding this takes more memory than a policy may use; ask in smaller requests")
const retrySoon = { "Retry-After": "1" }
