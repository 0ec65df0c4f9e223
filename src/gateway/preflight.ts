import type { DenyReason } from "../model/decision.js"
import { pathOf } from "../model/canonical-path.js"
import { headerValues } from "../model/header-pairs.js"
import type { Pdp } from "../pdp/index.js"
import type { OriginalRequest } from "./gateway.js"

/**
 * True for a CORS preflight: `OPTIONS` with one `Origin` and one `Access-Control-Request-Method`, without credentials, about an operation that the
 * authorization data know and do not deny to everybody.
 *
 * @throws {PdpError} when that cannot be found out
 * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch
 */
export function isKnownPreflight(pdp: Pick<Pdp, "explain">, { method, target, rawHeaders }: OriginalRequest): boolean {
  if (method !== "OPTIONS" || headerValues(rawHeaders, "authorization").length > 0) return false
  const [asked, ...others] = headerValues(rawHeaders, "access-control-request-method")
  if (asked === undefined || asked === "" || others.length > 0 || headerValues(rawHeaders, "origin").length !== 1) return false
  const { endpoint, reasons } = pdp.explain({ principal: { id: "" }, method: asked, path: pathOf(target) })
  return endpoint !== undefined && !reasons.some((reason) => unknown.has(reason))
}

const unknown: ReadonlySet<DenyReason> = new Set([
  "unknown_path",
  "unknown_method",
  "path_not_canonical",
  "operation_denied",
  "input_invalid",
  "no_data",
])
