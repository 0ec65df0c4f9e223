import { PdpError } from "../errors.js"

/** A source could not be read. @param what the place and what is wrong @param remedy what to do about it */
export function unavailable(what: string, remedy: string, cause?: unknown): PdpError {
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `${what}; ${remedy}`, { ...(cause !== undefined && { cause }), details: { problem: what, remedy } })
}

/** A closed source was used. */
export function closedSource(name: string): PdpError {
  return new PdpError("ERR_CLOSED", `the source '${name}' is closed; create a new one`)
}

/** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when the read has been aborted */
export function throwIfAborted(name: string, signal: AbortSignal): void {
  if (signal.aborted) throw unavailable(`the read of the source '${name}' was aborted`, "read it again", signal.reason)
}
