import { PdpError } from "../errors.js"
import type { Pdp } from "../pdp/pdp.js"
import type { ServerLimits } from "./limits.js"
import { isReached } from "./propagation.js"

/**
 * `pdp.atLeast` for callers over HTTP: at most a tenth of the requests in work may wait, so that those who wait never keep out those who decide.
 *
 * @throws {PdpError} `ERR_OVERLOADED` for more, and what `atLeast` rejects with
 */
export function fairWaiting(pdp: Pdp, { concurrentRequests }: Pick<ServerLimits, "concurrentRequests">): Pdp["atLeast"] {
  const mostWaiting = Math.max(1, Math.floor(concurrentRequests / 10))
  let waiting = 0
  return async (revision, options) => {
    if (waiting >= mostWaiting && !isReached(pdp, revision))
      throw new PdpError("ERR_OVERLOADED", `${mostWaiting} callers wait for a revision already; try again in a second`)
    waiting++
    try {
      await pdp.atLeast(revision, options)
    } finally {
      waiting--
    }
  }
}
