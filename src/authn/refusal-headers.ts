import type { Refusal } from "../model/refusal.js"
import { challengeFor } from "./challenge.js"

/** What the headers of a refusal depend on beside the refusal. */
export interface RefusalSurroundings {
  /** The state that denies; what is none is left out. */
  readonly revision: string | undefined
  /** When it is worth trying again after an identity provider could not be asked. */
  readonly retrySeconds: number
}

/**
 * The headers of an answer that refuses: how to prove who asks (401, and 403 for want of a scope), the state that denied (403), and when to try again
 * (503), or that it does not help.
 */
export function refusalHeaders(reason: Refusal, { revision, retrySeconds }: RefusalSurroundings): Readonly<Record<string, string>> {
  const { status, code } = reason
  return {
    ...((status === 401 || code === "scope_missing") && { "WWW-Authenticate": challengeFor(code, requiredScopes(reason)) }),
    ...(status === 403 && revision !== undefined && headerValue.test(revision) && { "X-Portcullis-Revision": revision }),
    ...(status === 503 ? { "Retry-After": code === "idp_unavailable" ? String(retrySeconds) : "1" } : { "x-should-retry": "false" }),
    ...reason.headers,
  }
}

/** A policy decision point of the host's own gives revisions of its own. */
const headerValue = /^[\x21-\x7e]{1,256}$/

function requiredScopes({ details }: Refusal): readonly string[] {
  const scopes: readonly unknown[] = Array.isArray(details?.["required_scopes"]) ? details["required_scopes"] : []
  return scopes.filter((scope) => typeof scope === "string")
}
