import { PdpError } from "../errors.js"

/** A request target, taken apart as Go does it. */
export interface ParsedTarget {
  /** The segments of the decoded path: an encoded slash parts segments, too. */
  readonly path: readonly string[]
  /** The decoded values of each parameter, in their order. */
  readonly query: Readonly<Record<string, readonly string[]>>
}

/**
 * Takes a raw request target apart into `parsed_path` and `parsed_query`, as the OPA-Envoy plugin does.
 *
 * Refused is also what Go reads as something else than a path: `//host/path`, a fragment, a target without a slash at its beginning; and `!` in a path. A policy
 * would not see what the upstream is asked for.
 *
 * @throws {PdpError} `ERR_DENIED` with the reason `path_not_canonical`
 */
export function parsedTarget(target: string): ParsedTarget {
  if (!readable.test(target)) throw notReadable("does not begin with one slash, or holds a fragment, '!' or a control character")
  const mark = target.indexOf("?")
  const path = unescaped(mark < 0 ? target : target.slice(0, mark))
  if (path === undefined) throw notReadable("holds a '%' without two hexadecimal digits behind it")
  return { path: path.replace(/^\/+/, "").split("/"), query: Object.fromEntries(parametersOf(mark < 0 ? "" : target.slice(mark + 1)).valid) }
}

/**
 * The fields of a body in `application/x-www-form-urlencoded`.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for a semicolon or a broken escape in it
 */
export function parsedForm(body: string): Readonly<Record<string, readonly string[]>> {
  const { valid, broken } = parametersOf(body)
  if (broken) throw new PdpError("ERR_INPUT_INVALID", "the body holds a ';' or a broken '%' escape, which no form has")
  return Object.fromEntries(valid)
}

/**
 * `*` and nothing are the targets of OPTIONS and CONNECT. No `!` in a path: Envoy writes it for each byte that is no UTF-8, which clients can send by HTTP/2,
 * and passes on the byte itself.
 */
const readable = /^(?:\*|\/(?!\/)[^#?!\p{Cc}]*(?:\?[^#\p{Cc}]*)?)?$/u

function parametersOf(text: string): { readonly valid: ReadonlyMap<string, readonly string[]>; readonly broken: boolean } {
  const valid = new Map<string, string[]>()
  let broken = false
  for (const pair of text.split("&")) {
    if (pair === "") continue
    const equals = pair.indexOf("=")
    const name = unescaped((equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " "))
    const value = unescaped((equals < 0 ? "" : pair.slice(equals + 1)).replaceAll("+", " "))
    if (name === undefined || value === undefined || pair.includes(";")) broken = true
    else valid.set(name, [...(valid.get(name) ?? []), value])
  }
  return { valid, broken }
}

/** Bytes that are no UTF-8 become U+FFFD. @returns undefined for a broken escape */
function unescaped(text: string): string | undefined {
  if (!text.includes("%")) return text
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  const bytes = Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(bytes, "latin1").toString("utf8")
}

function notReadable(problem: string): PdpError {
  return new PdpError("ERR_DENIED", `the request target ${problem}; send a path such as /apis/x`, { reason: "path_not_canonical" })
}
