/** OPA's names for what went wrong. */
export type OpaErrorCode =
  "invalid_parameter" | "invalid_operation" | "unauthorized" | "resource_not_found" | "resource_conflict" | "undefined_document" | "internal_error"

/** One of several things that went wrong in an evaluation. */
export interface OpaProblem {
  readonly code: string
  readonly message: string
  readonly location?: { readonly file: string; readonly row: number; readonly col: number }
}

/** The members of an error body. */
export interface OpaError {
  readonly code: OpaErrorCode
  readonly message: string
  readonly errors?: readonly OpaProblem[]
}

/** An error body as OPA writes it: `code` and `message`, indented, with a line end. */
export function opaErrorText(code: OpaErrorCode, message: string, errors?: readonly OpaProblem[]): string {
  return `${JSON.stringify({ code, message, ...(errors && { errors }) }, undefined, 2)}\n`
}

/** The code that OPA gives answers with that status. */
export function opaErrorCode(status: number): OpaErrorCode {
  if (status === 401 || status === 403 || status === 421) return "unauthorized"
  if (status === 404) return "resource_not_found"
  if (status === 409) return "resource_conflict"
  return status < 500 ? "invalid_parameter" : "internal_error"
}

/** OPA's words for an evaluation that failed. @param why what the module said as it gave up: `file:row:col: message`, where it knows */
export function evaluationError(why: string): OpaError {
  const [, file = "", row, col, said = why] = /^(.+):(\d+):(\d+): (.*)$/s.exec(why) ?? []
  const code = said.includes("conflict") ? "eval_conflict_error" : "eval_internal_error"
  const located = row === undefined ? {} : { location: { file, row: Number(row), col: Number(col) } }
  return { ...failed, errors: [{ code, message: row === undefined ? "the policy failed" : said, ...located }] }
}

/** The same for builtins that could not answer, while the caller wants to know. */
export function builtinErrors(messages: readonly string[]): OpaError {
  return { ...failed, errors: messages.map((message) => ({ code: "eval_builtin_error", message })) }
}

const failed = { code: "internal_error", message: "error(s) occurred while evaluating query" } as const
