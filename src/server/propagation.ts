import { PdpError } from "../errors.js"
import { parseRevision } from "../model/revision.js"
import type { Pdp } from "../pdp/pdp.js"
import type { ServerContext } from "./context.js"

/** True when this process decides on a revision already. */
export function isReached(pdp: Pdp, revision: string): boolean {
  try {
    const wanted = parseRevision(revision)
    const current = parseRevision(pdp.revision())
    return current.epoch === wanted.epoch && current.sequence >= wanted.sequence
  } catch (thrown) {
    if (thrown instanceof PdpError) return false
    throw thrown
  }
}

/** Waits until this process decides on a revision. @returns false when it does not in time; what is written stays written, whatever the reason */
export async function reaches(
  { atLeast }: Pick<ServerContext, "atLeast">,
  revision: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    await atLeast(revision, options)
    return true
  } catch (thrown) {
    if (thrown instanceof PdpError) return false
    throw thrown
  }
}
