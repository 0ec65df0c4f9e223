/**
 * Every code a {@link PdpError} can carry, with the HTTP status that the sidecar answers it with.
 * A code without a row here does not compile.
 */
export const httpStatusByCode = {
  ERR_CONFIG_INVALID: 500,
  ERR_INPUT_INVALID: 400,
  ERR_UNAUTHENTICATED: 401,
  ERR_DENIED: 403,
  ERR_ENTRYPOINT_UNKNOWN: 400,
  ERR_PDP_NOT_READY: 503,
  ERR_PDP_STALE: 503,
  ERR_REVISION_TIMEOUT: 503,
  ERR_REVISION_UNKNOWN_EPOCH: 409,
  ERR_EVALUATION: 500,
  ERR_POLICY_INVALID: 500,
  ERR_BUNDLE_INVALID: 500,
  ERR_AUTHORIZATION_DATA_INVALID: 500,
  ERR_SOURCE_UNAVAILABLE: 503,
  ERR_IDP_UNAVAILABLE: 503,
  ERR_CONFLICT: 409,
  ERR_NOT_FOUND: 404,
  ERR_IDEMPOTENCY_KEY_REUSED: 422,
  ERR_TOO_LARGE: 413,
  ERR_OVERLOADED: 503,
  ERR_CLOSED: 503,
} as const

/** The stable name of one kind of failure. */
export type PdpErrorCode = keyof typeof httpStatusByCode

/**
 * The only error that Portcullis throws: no decision could be made, or a request could not be served.
 * A deny is never an error; it is a `Decision` with `allowed: false`.
 */
export class PdpError extends Error {
  override readonly name = "PdpError"
  readonly code: PdpErrorCode
  /** Which cause of several that share a code, for example `role_missing`. */
  readonly reason: string | undefined
  /** Facts for programs, beside the message. Never secret to whoever gets the error. */
  readonly details: Readonly<Record<string, unknown>>

  /**
   * @param code which kind of failure; programs switch on it
   * @param message what was wrong, naming the value, and what to do about it
   */
  constructor(code: PdpErrorCode, message: string, { reason, details = {}, ...options }: PdpErrorOptions = {}) {
    super(message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message, options)
    this.code = code
    this.reason = reason
    this.details = details
  }
}

/** Texts from outside may be in it, and are as long as somebody likes. */
const longestMessage = 8_192

/** What a {@link PdpError} may say besides. */
export interface PdpErrorOptions extends ErrorOptions {
  readonly reason?: string | undefined
  readonly details?: Readonly<Record<string, unknown>>
}

/** The text of anything that was thrown, for messages and logs; libraries also throw strings and bare objects. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message)
  return String(thrown)
}
