import { PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"

/** A closed source was used. */
export function closedSource(name: string): PdpError {
  return new PdpError("ERR_CLOSED", `the source '${name}' is closed; create a new one`)
}

/** @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when the read has been aborted */
export function throwIfAborted(name: string, signal: AbortSignal): void {
  if (signal.aborted) throw unavailable(`the read of the source '${name}' was aborted`, "read it again", signal.reason)
}
