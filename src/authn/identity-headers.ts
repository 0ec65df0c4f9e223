import { z } from "zod"
import { PdpError } from "../errors.js"

/** The headers that say who asks, by the names that they have with the prefix {@link defaultHeaderPrefix}. */
export const identityHeaderNames = [
  "authorization",
  "x-nmp-principal-id",
  "x-nmp-principal-email",
  "x-nmp-principal-groups",
  "x-nmp-principal-on-behalf-of",
  "x-nmp-principal-on-behalf-of-email",
  "x-nmp-principal-on-behalf-of-groups",
  "x-nmp-scopes",
] as const

/** One of {@link identityHeaderNames}. */
export type IdentityHeader = (typeof identityHeaderNames)[number]

/** Values without spaces around them, by the names of {@link identityHeaderNames} whatever the prefix is. */
export type IdentityHeaders = ReadonlyMap<IdentityHeader, string>

/** What the names of identity headers begin with, unless another prefix is configured. */
export const defaultHeaderPrefix = "X-NMP-"

/** A prefix of identity headers. `X-Forwarded-` is none: such headers say that a proxy passed the request on. */
export const HeaderPrefix: z.ZodString = z
  .string()
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]*-$/, `must be letters, digits and hyphens, with a hyphen at the end, such as ${defaultHeaderPrefix}`)
  .regex(/^(?!x-forwarded-)/i, "must not begin with X-Forwarded-, which says that a proxy passed the request on")

/**
 * Picks the headers that say who asks; those with another prefix are none.
 *
 * Refused is what one reader takes for one principal and the next for another: a header that comes twice, and one that is written with underscores,
 * which CGI and WSGI cannot tell from hyphens.
 *
 * @param rawHeaders names and values in turn
 * @param prefix one that {@link HeaderPrefix} lets pass
 * @throws {PdpError} `ERR_INPUT_INVALID`, also for a value with control characters
 */
export function identityHeaders(rawHeaders: readonly string[], prefix: string = defaultHeaderPrefix): IdentityHeaders {
  const found = new Map<IdentityHeader, string>()
  const ourPrefix = prefix.toLowerCase()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at] ?? ""
    const name = nameOf(sent, ourPrefix)
    if (name === undefined) continue
    if (sent.includes("_")) throw invalid(`the header ${sent} is written with underscores; send ${headerShown(name, prefix)}`)
    if (found.has(name)) throw invalid(`the header ${sent} comes twice; send it once`)
    found.set(name, valueOf(name, sent, rawHeaders[at + 1] ?? ""))
  }
  return found
}

/** How messages write a header. */
export function headerShown(name: IdentityHeader, prefix: string): string {
  const rest = name.startsWith(usualPrefix) ? name.slice(usualPrefix.length) : name
  return (rest === name ? "" : prefix) + rest.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

const usualPrefix = defaultHeaderPrefix.toLowerCase()
const names = new Map(identityHeaderNames.map((name) => [name.replace(usualPrefix, ""), name]))
const printable = /^[\t\x20-\x7e\xa1-\xff]*$/

function nameOf(sent: string, prefix: string): IdentityHeader | undefined {
  const written = sent.toLowerCase().replaceAll("_", "-")
  if (written === "authorization") return written
  const name = written.startsWith(prefix) ? names.get(written.slice(prefix.length)) : undefined
  return name === "authorization" ? undefined : name
}

/** A token with odd characters is left to those who read tokens. */
function valueOf(name: IdentityHeader, sent: string, value: string): string {
  if (printable.test(value)) return value.trim()
  if (name === "authorization") return value
  throw invalid(`the header ${sent} holds something else than printable characters; send it without`)
}

function invalid(message: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", message)
}
