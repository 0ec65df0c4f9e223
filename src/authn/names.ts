import { refused } from "./reasons.js"

/** U+2800 is a pattern of Braille without dots. */
const unshown = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u
/** Groups that one principal may present. */
const mostGroups = 100

/** True for what bindings or the history store with a meaning of its own: everybody, a service, a group, the product. Nobody may be called so. */
export function isReserved(name: string): boolean {
  return name === "*" || name.startsWith("service:") || name.startsWith("group:") || name.startsWith("system:")
}

/**
 * True for a text that shows what it is: nothing in it that is invisible, blank but no space, a line's end, or a control character. Two names that look
 * alike to whoever grants roles should be one.
 *
 * @see Unicode Standard Annex 44, Default_Ignorable_Code_Point
 */
export function isShown(text: string): boolean {
  return !unshown.test(text)
}

/** True for something with one `@` inside, without spaces, of at most 320 characters. */
export function isEmail(text: string): boolean {
  return text.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(text) && isShown(text)
}

/**
 * Never truncates: who is in too many groups would be denied what he may do, or worse.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` with reason `too_many_groups`
 */
export function assertFewGroups(groups: readonly unknown[], where: string): void {
  if (groups.length <= mostGroups) return
  throw refused("too_many_groups", `${where} holds ${groups.length} groups, and ${mostGroups} are the most`)
}
