/** OPA's names for what went wrong. */
export type OpaErrorCode = "invalid_parameter" | "unauthorized" | "resource_not_found" | "resource_conflict" | "internal_error"

/** An error body as OPA writes it: `code` and `message`, indented, with a line end. */
export function opaErrorText(code: OpaErrorCode, message: string): string {
  return `${JSON.stringify({ code, message }, undefined, 2)}\n`
}

/** The code that OPA gives answers with that status. */
export function opaErrorCode(status: number): OpaErrorCode {
  if (status === 401 || status === 403 || status === 421) return "unauthorized"
  if (status === 404) return "resource_not_found"
  if (status === 409) return "resource_conflict"
  return status < 500 ? "invalid_parameter" : "internal_error"
}
