import { headerPairs } from "../model/header-pairs.js"
import { identityAnswerNames } from "./identity-answer.js"

/**
 * Headers that a gateway should take off the request of a client: what could pass for one of ours that is not overwritten, because it is written with
 * underscores, or is a further one with the same prefix.
 *
 * @param rawHeaders names and values of the client's headers in turn, as far as they are known
 * @returns in lower case
 */
export function clientCopies(rawHeaders: readonly string[], headerPrefix: string): readonly string[] {
  const overwritten = new Set(identityAnswerNames(headerPrefix).map((name) => name.toLowerCase()))
  const prefix = headerPrefix.toLowerCase()
  const sent = headerPairs(rawHeaders)
    .map(([name]) => name.toLowerCase())
    .filter((name) => isOurs(name.replaceAll("_", "-"), prefix, overwritten))
  const twins = [...overwritten].map((name) => name.replaceAll("-", "_"))
  const further = furtherNames.map((name) => prefix + name)
  return [...new Set([...twins, ...further, ...sent])].filter((name) => !overwritten.has(name))
}

/** Headers of the reference that say something inside, and that we never set. */
const furtherNames = ["internal", "origin-workspace", "principal-filters", "principal-roles"]

function isOurs(name: string, prefix: string, overwritten: ReadonlySet<string>): boolean {
  return name.startsWith(prefix) || overwritten.has(name)
}
