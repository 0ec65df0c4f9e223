import { messageOf, PdpError } from "../errors.js"
import { printable, printableLines } from "../model/printable.js"

/** What is checked, in this order. */
export const checks = [
  "configuration",
  "sidecar",
  "data",
  "login",
  "discovery",
  "keys",
  "clock",
  "device flow",
  "token",
  "issuer",
  "audience",
  "expiry",
  "signature",
  "principal",
  "e-mail",
  "administrator",
  "groups",
  "scopes",
  "acceptance",
  "roles",
] as const

/** One of {@link checks}. */
export type Check = (typeof checks)[number]

/** What one check found. */
export interface Finding<Name extends string = Check> {
  readonly check: Name
  /** Null: it could not be checked, and `detail` says why. */
  readonly ok: boolean | null
  /** Never holds a token, a secret or a password. */
  readonly detail: string
  /** What to do about it. */
  readonly remedy?: string
}

/** All is well. */
export function passed<Name extends string>(check: Name, detail: string, remedy?: string): Finding<Name> {
  return finding(check, true, detail, remedy)
}

/** Something is wrong. */
export function failed<Name extends string>(check: Name, detail: string, remedy: string): Finding<Name> {
  return finding(check, false, detail, remedy)
}

/** It could not be checked. */
export function unchecked<Name extends string>(check: Name, why: string, remedy?: string): Finding<Name> {
  return finding(check, null, why, remedy)
}

/** Each is one line: what came from elsewhere must not look like another finding. */
function finding<Name extends string>(check: Name, ok: boolean | null, detail: string, remedy?: string): Finding<Name> {
  return { check, ok, detail: printable(detail), ...(remedy !== undefined && { remedy: printable(remedy) }) }
}

/** Something is wrong, as an error of ours says it: what, and after a semicolon what to do. Anything else is thrown again. */
export function failedBy(check: Check, thrown: unknown): Finding {
  if (!(thrown instanceof PdpError)) throw thrown
  const [detail = "", ...rest] = thrown.message.split("; ")
  const code = thrown.reason === undefined ? "" : `${thrown.reason}: `
  return { check, ok: false, detail: printableLines(`${code}${detail}`), ...(rest.length > 0 && { remedy: printableLines(rest.join("; ")) }) }
}

/** What somebody else wrote, as it can be shown on a terminal: in quotes, of one line, not long. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")
  const shown = printable(text, "?")
  return `'${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}'`
}

/** Several of them. */
export function listed(values: readonly string[]): string {
  return values.map(quoted).join(", ")
}

/** Why a request came to nothing, for people. */
export function causeOf(thrown: unknown): string {
  return messageOf(thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown)
}
