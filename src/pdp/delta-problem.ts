import { PdpError } from "../errors.js"

/** A delta that does not lead on from what decides. @param problem with which "it" begins */
export function unfitDelta(problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", `the delta does not fit: ${problem}; the whole bundle is asked for`, { reason: "delta_unfit" })
}
