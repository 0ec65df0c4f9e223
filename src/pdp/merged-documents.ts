import type { JsonObject } from "../bundle/index.js"
import { PdpError } from "../errors.js"

/**
 * Two data documents as one.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_conflict` when both say what is at a place
 */
export function mergedDocuments(left: JsonObject, right: JsonObject, path = ""): JsonObject {
  const merged = new Map(Object.entries(left))
  for (const [key, value] of Object.entries(right)) {
    const place = `${path}/${key}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, value)
    else if (isObject(known) && isObject(value)) merged.set(key, mergedDocuments(known, value, place))
    else
      throw new PdpError("ERR_BUNDLE_INVALID", `two documents say what is at '${place.slice(0, 200)}' of the data; say it once`, {
        reason: "data_conflict",
      })
  }
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
