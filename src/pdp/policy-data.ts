import { PdpError } from "../errors.js"
import type { PolicyData } from "./pdp.js"

/** What {@link policyData} changes. */
export interface EditedPolicy {
  document(): unknown
  /** Loads the policy with another document, and lets it decide. @returns the revision */
  activate(document: unknown): string
  /** @throws {PdpError} `ERR_CLOSED` once it decides no more */
  assertOpen(): void
}

const mostWaiting = 100

/** Edits the data of a policy, one edit after the other; a failed one changes nothing. */
export function policyData({ document, activate, assertOpen }: EditedPolicy): PolicyData {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return {
    read: document,
    async edit(edit) {
      assertOpen()
      if (waiting >= mostWaiting) throw new PdpError("ERR_OVERLOADED", `${mostWaiting} edits of data wait already; try again in a second`)
      waiting++
      const before = last
      const done = before.then(() => {
        assertOpen()
        return activate(edit(document()))
      })
      last = done.catch(() => undefined)
      try {
        return await done
      } finally {
        waiting--
      }
    },
  }
}
