import type { IncomingHttpHeaders } from "node:http"

/** The headers that ask for a document only if it is another one than last time; none when the last answer gave nothing to compare. */
export type HttpCondition = Readonly<Record<string, string>>

/**
 * The condition for the next request: `If-None-Match` with the `ETag`, strong or weak; else `If-Modified-Since`, unless the document had
 * changed within two seconds before the answer: dates are whole seconds, and a second change would go unseen.
 */
export function conditionAfter({ etag, date, "last-modified": modified }: IncomingHttpHeaders): HttpCondition {
  if (etag !== undefined && entityTag.test(etag)) return { "if-none-match": etag }
  if (modified === undefined || date === undefined || !(Date.parse(date) - Date.parse(modified) > settledMs)) return {}
  return { "if-modified-since": modified }
}

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,1024}"$/
const settledMs = 2_000
