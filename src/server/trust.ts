import type { IncomingMessage } from "node:http"
import type { Profile } from "../pdp/pdp.js"
import { forwardedRefusal, isForwarded } from "./border.js"
import { refusal, type Refusal } from "../model/refusal.js"

/**
 * May this caller state who asks? The input of a decision *is* the identity, so only callers on this machine are believed,
 * and in the nemo profile only those who say that they are a service, as in the reference.
 *
 * @returns 403, or 401 without the header; `undefined` when the caller is believed
 */
export function checkTrust(request: IncomingMessage, profile: Profile): Refusal | undefined {
  if (isForwarded(request)) return forwardedRefusal
  if (profile === "hardened") return undefined
  const id = request.headers["x-nmp-principal-id"]
  if (id === undefined || id === "") return refusal(401, "not_authenticated", serviceRemedy, { "WWW-Authenticate": "Bearer" })
  return typeof id === "string" && /^service:./.test(id) ? undefined : refusal(403, "caller_kind", serviceRemedy)
}

const serviceRemedy = "only services may ask here; send X-NMP-Principal-Id: service:<id>"
