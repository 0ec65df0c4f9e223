import type { HeaderLine } from "./raw-request.js"

/**
 * The headers by which an upstream knows who asks, as somebody outside may send them.
 *
 * @param value of each; `…-Authorized` says `true`
 */
export function identitySpoofs(headerPrefix: string, value: string): readonly HeaderLine[] {
  return identityNames.map((name) => [`${headerPrefix}${name}`, name === "Authorized" ? "true" : value])
}

/** The headers that say what was decided, likewise. */
export function proofSpoofs(value: string): readonly HeaderLine[] {
  return ["Decision", "Decision-Id", "Revision", "Shadow", "Peer-Secret", "At-Least"].map((name) => [`X-Portcullis-${name}`, value])
}

/** Names as CGI and WSGI cannot tell them from ours: with one underscore, or nothing but. */
export function withUnderscores(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  return lines.flatMap(([name, value]): readonly HeaderLine[] => [
    [name.replaceAll("-", "_"), value],
    [name.replace(/-(?=[^-]*$)/, "_"), value],
  ])
}

/** Names as servers cannot tell them from ours that take any character that is neither a letter nor a digit for an underscore. */
export function withDots(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  return lines.flatMap(([name, value]): readonly HeaderLine[] => [
    [name.replaceAll("-", "."), value],
    [name.replace(/-(?=[^-]*$)/, "."), value],
  ])
}

/** Those of this product, and the others that the reference's services believe. */
const identityNames = [
  "Principal-Id",
  "Principal-Email",
  "Principal-Groups",
  "Principal-On-Behalf-Of",
  "Principal-On-Behalf-Of-Email",
  "Principal-On-Behalf-Of-Groups",
  "Scopes",
  "Authorized",
  "Principal-Roles",
  "Principal-Filters",
  "Origin-Workspace",
  "Internal",
] as const
