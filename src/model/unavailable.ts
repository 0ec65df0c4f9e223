import { PdpError } from "../errors.js"

/** Something could not be read. @param what the place and what is wrong @param remedy what to do about it */
export function unavailable(what: string, remedy: string, cause?: unknown): PdpError {
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `${what}; ${remedy}`, { ...(cause !== undefined && { cause }), details: { problem: what, remedy } })
}
