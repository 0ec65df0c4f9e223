import { refused } from "./reasons.js"

/** Groups that one principal may present. */
const mostGroups = 100

/** True for what bindings or the history store with a meaning of its own: everybody, a service, a group, the product. Nobody may be called so. */
export function isReserved(name: string): boolean {
  return name === "*" || name.startsWith("service:") || name.startsWith("group:") || name.startsWith("system:")
}

/** True for something with one `@` inside, without spaces, of at most 320 characters. */
export function isEmail(text: string): boolean {
  return text.length <= 320 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(text)
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
