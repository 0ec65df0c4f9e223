import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"

/**
 * Callers in JavaScript pass anything. The members are checked where they are used; this keeps them from being looked for where there are none.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function assertRequest(request: { readonly principal: Principal }): void {
  if (typeof request !== "object" || request === null) throw wrong("the request", request, "pass { principal, … }")
  const { principal } = request
  if (typeof principal !== "object" || principal === null) throw wrong("principal", principal, "pass { id }, with an empty id for nobody")
  const { onBehalfOf } = principal
  if (onBehalfOf !== undefined && (typeof onBehalfOf !== "object" || Array.isArray(onBehalfOf)))
    throw wrong("principal.onBehalfOf", onBehalfOf, "pass { id }")
}

/** @throws {PdpError} `ERR_INPUT_INVALID` */
export function assertRequests(requests: readonly unknown[]): void {
  if (!Array.isArray(requests)) throw wrong("requests", requests, "pass a list of requests")
}

function wrong(what: string, value: unknown, remedy: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `${what} is ${value === null ? "null" : typeof value}; ${remedy}`)
}
