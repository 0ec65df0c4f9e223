import { PdpError } from "../errors.js"
import { headerPairs } from "../model/header-pairs.js"

/**
 * Refuses headers that a service behind a gateway could read otherwise than the sidecar, or not at all:
 *
 * - more of them than servers read: Node drops those beyond 1,000, and some gateways put what the sidecar says behind what the client says;
 * - names that are ours once every odd character is read as a hyphen, as CGI does it, such as `X.NMP.Principal.Id`. Those with underscores gateways take off.
 *
 * @param rawHeaders names and values in turn
 * @param headerPrefix of identity headers
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function assertPlainHeaders(rawHeaders: readonly string[], headerPrefix: string): void {
  const pairs = headerPairs(rawHeaders)
  if (pairs.length > mostHeaders) throw invalid(`the request has more than ${mostHeaders} headers; send fewer`)
  const ours = [headerPrefix.toLowerCase(), "x-nmp-", "x-portcullis-"]
  const isOurs = (name: string): boolean => ours.some((prefix) => name.replaceAll(odd, "-").startsWith(prefix))
  if (pairs.some(([name]) => unusual.test(name) && isOurs(name.toLowerCase())))
    throw invalid("a header has a name that some servers take for one that says who asks; send it with letters, digits and hyphens only")
}

/** So few that what gateways add besides stays below 1,000, too. */
const mostHeaders = 300
const odd = /[^a-z0-9]/g
const unusual = /[^\w-]/

function invalid(message: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", message)
}
