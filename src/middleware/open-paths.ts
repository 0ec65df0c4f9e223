import { PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"

/** Paths that need no decision, each with every method; or who says so for one method and path. */
export type OpenPaths = readonly string[] | ((method: string, path: string) => boolean)

/**
 * Tells which requests need no decision. A path that routers could read in two ways is never open, so that `/public/../admin` does not pass as public.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for a listed path that can never be asked for; when asked, for anything but true or false
 */
export function openPaths(open: OpenPaths = []): (method: string, target: string) => boolean {
  const isOpen = typeof open === "function" ? open : listed(open)
  return (method, target) => {
    const path = pathOf(target)
    if (!isCanonicalPath(path)) return false
    const answer: unknown = isOpen(method, path)
    if (typeof answer === "boolean") return answer
    throw new PdpError("ERR_CONFIG_INVALID", `the option 'open' answered ${typeof answer}; answer true or false, and no promise`)
  }
}

function listed(paths: readonly string[]): (method: string, path: string) => boolean {
  const wrong = paths.find((path) => !isCanonicalPath(path) || path.includes("?"))
  if (wrong !== undefined)
    throw new PdpError("ERR_CONFIG_INVALID", `the option 'open' lists '${wrong}', which no canonical path equals; list paths such as '/health'`)
  const known = new Set(paths)
  return (_method, path) => known.has(path)
}
