import NodeCache from "node-cache"
import { z } from "zod"
import type { AuthorizationRequest, Decision } from "../model/decision.js"
import type { Active } from "./active.js"
import { assertRequest } from "./request-shape.js"

/** Options of the decision cache. */
export const DecisionCacheOptions = z.strictObject({
  maxEntries: z.number().int().min(1).default(10_000).describe("Decisions that are kept; when full, all are dropped."),
  ttlSeconds: z.number().min(0).default(0).describe("How long one is kept, in seconds; 0: until the next change."),
})
/** See {@link DecisionCacheOptions}; all have defaults. */
export type DecisionCacheOptions = z.input<typeof DecisionCacheOptions>

type Authorize = (active: Active, request: AuthorizationRequest) => Decision

/**
 * Wraps `authorize` with a bounded cache. A key holds everything that the answer depends on, each part with its length before it, and the
 * revision; a new state drops all.
 */
export function cachedAuthorize(authorize: Authorize, options: DecisionCacheOptions): Authorize {
  const { maxEntries, ttlSeconds } = DecisionCacheOptions.parse(options)
  const cache = new NodeCache({ useClones: false, checkperiod: 0, stdTTL: ttlSeconds, deleteOnExpire: true })
  let state: Active | undefined
  let entries = 0

  return (active, request) => {
    // By the state itself: what expires changes decisions, and not always the revision.
    if (active !== state) {
      cache.flushAll()
      entries = 0
      state = active
    }
    assertRequest(request)
    const key = decisionKey(active.revision, request)
    const known = cache.get<Decision>(key)
    if (known) return known
    const decision = authorize(active, request)
    if (entries >= maxEntries) {
      cache.flushAll()
      entries = 0
    }
    cache.set(key, decision)
    entries += 1
    return decision
  }
}

/** Begins with a letter: node-cache keeps its values in an object, and `__proto__` is no key. */
function decisionKey(revision: string, { principal, method, path }: AuthorizationRequest): string {
  const { kind, id, email, groups, scopes, onBehalfOf } = principal
  let key = `k${part(revision)}${part(method)}${part(path)}${kind === "service" ? "s" : "p"}${part(id)}${part(email)}${list(groups)}${list(scopes)}`
  if (onBehalfOf) key += `d${part(onBehalfOf.id)}${part(onBehalfOf.email)}${list(onBehalfOf.groups)}`
  return key
}

/** What is no string gets a key under which nothing is ever kept: the decision throws. */
function part(text: unknown): string {
  if (typeof text === "string") return `${text.length}:${text}`
  return text === undefined || text === null ? "-" : "?"
}

function list(texts: unknown): string {
  if (texts === undefined || texts === null) return "-"
  if (!Array.isArray(texts)) return "?"
  let key = `${texts.length}[`
  for (const text of texts) key += part(text)
  return key
}
