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
    if (key === undefined) return authorize(active, request)
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

/**
 * Begins with a letter: node-cache keeps its values in an object, and `__proto__` is no key. Undefined when something in the request has a type
 * that it must not have: `authorize` then says so.
 */
function decisionKey(revision: string, { principal, method, path }: AuthorizationRequest): string | undefined {
  const { kind, id, email, groups, scopes, onBehalfOf } = principal
  const kindKey = kindKeys.get(kind ?? "person")
  const names = claimsKey(id, email, groups)
  const delegate = onBehalfOf ? claimsKey(onBehalfOf.id, onBehalfOf.email, onBehalfOf.groups) : "-"
  const scopesKey = listKey(scopes)
  if (kindKey === undefined || names === undefined || delegate === undefined || scopesKey === undefined) return undefined
  if (typeof method !== "string" || typeof path !== "string") return undefined
  return `k${textKey(revision)}${textKey(method)}${textKey(path)}${kindKey}${names}${scopesKey}d${delegate}`
}

const kindKeys: ReadonlyMap<unknown, string> = new Map([
  ["person", "p"],
  ["service", "s"],
])

function claimsKey(id: unknown, email: unknown, groups: unknown): string | undefined {
  const groupsKey = listKey(groups)
  if (typeof id !== "string" || groupsKey === undefined) return undefined
  if (email === undefined || email === null) return `${textKey(id)}-${groupsKey}`
  return typeof email === "string" ? textKey(id) + textKey(email) + groupsKey : undefined
}

function listKey(texts: unknown): string | undefined {
  if (texts === undefined || texts === null) return "-"
  if (!Array.isArray(texts)) return undefined
  let key = `${texts.length}[`
  for (const text of texts) {
    if (typeof text !== "string") return undefined
    key += textKey(text)
  }
  return key
}

function textKey(text: string): string {
  return `${text.length}:${text}`
}
