import { PdpError } from "../errors.js"
import type { Credentials } from "../authn/index.js"
import { unrefTimers, type Timers } from "../model/timers.js"

type OnWait = NonNullable<Credentials["onWait"]>

/** How long gateways wait for an identity provider. */
export interface IdpWait {
  /** In all, for one question. */
  readonly mostMs: number
  /** Default Node's. */
  readonly timers?: Timers | undefined
}

/**
 * Bounds how long a question waits for identity providers; other work takes as long as it takes. What was waited for goes on, so that a later question
 * finds it.
 *
 * @param work calls what it is given whenever it begins to wait, and what that gives when it is over
 * @param onWait told of the same
 * @throws {PdpError} `ERR_IDP_UNAVAILABLE` with the reason `idp_unavailable` when the time is up
 */
export function withinIdpWait<Value>(
  work: (onWait: OnWait) => Promise<Value>,
  { mostMs, timers = unrefTimers }: IdpWait,
  onWait?: OnWait,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let isUp = false
    let endWait: (() => void) | undefined
    let forget: (() => void) | undefined
    const end = (): void => {
      endWait?.()
      endWait = undefined
    }
    const giveUp = (): void => {
      end()
      reject(
        new PdpError("ERR_IDP_UNAVAILABLE", `the identity provider did not answer within ${mostMs} ms; ${remedy}`, { reason: "idp_unavailable" }),
      )
    }
    const begin: OnWait = () => {
      if (isUp) {
        giveUp()
        return () => undefined
      }
      endWait = onWait?.() ?? (() => undefined)
      forget ??= timers.after(mostMs, () => {
        isUp = true
        if (endWait) giveUp()
      })
      return end
    }
    work(begin)
      .finally(() => forget?.())
      .then(resolve, reject)
  })
}

const remedy = "try again; check that it can be reached from here, or let gateway.idp_wait_ms allow more"
