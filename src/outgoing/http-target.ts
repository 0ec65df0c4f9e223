import { isIP, type LookupFunction } from "node:net"
import { urlToHttpOptions } from "node:url"
import { PdpError } from "../errors.js"
import { checkedLookup, forbiddenRemedy, isForbiddenAddress, isLoopbackAddress, type ResolveHost } from "./outgoing-address.js"

/** Where a request goes. */
export interface HttpTarget {
  readonly url: URL
  /** The URL for names and messages: without name, password and query, which may be secret. */
  readonly place: string
  readonly lookup: LookupFunction
}

/**
 * The target that a URL names: https anywhere, http on this machine only.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it is none; what may be secret is not shown
 */
export function httpTarget(text: string | URL, resolve: ResolveHost): HttpTarget {
  const url = parsed(text)
  const place = placeOf(url)
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const isPlain = url.protocol === "http:"
  if (!isPlain && url.protocol !== "https:") throw invalid(`${place} is not an https URL`, "write https://<host>/<path>")
  if (isPlain && host !== "localhost" && !(isIP(host) > 0 && isLoopbackAddress(host)))
    throw invalid(`${place} is plain HTTP to another machine`, "use https; http is for localhost, 127.0.0.1 and [::1]")
  if (isIP(host) > 0 && isForbiddenAddress(host)) throw invalid(`${place} is refused`, forbiddenRemedy)
  return { url, place, lookup: checkedLookup(place, resolve, isPlain) }
}

/** A URL without what may be secret. */
export function placeOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

/** The errors of Node would show the text, so they are not passed on. */
function parsed(text: string | URL): URL {
  try {
    const url = new URL(text)
    urlToHttpOptions(url)
    return url
  } catch {
    throw invalid("this is not a URL", "write https://<host>/<path>, with %25 for a percent sign")
  }
}

function invalid(what: string, remedy: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `${what}; ${remedy}`)
}
