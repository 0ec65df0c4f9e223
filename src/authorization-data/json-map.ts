/** A JSON object whose keys come from outside. Made with a null prototype; read by the policy only. */
export type JsonMap<Value> = Readonly<Record<string, Value>>

/** A {@link JsonMap} with these entries. */
export function jsonMap<Value>(entries: Iterable<readonly [string, Value]>): JsonMap<Value> {
  const map: Record<string, Value> = Object.create(null)
  for (const [key, value] of entries) map[key] = value
  return map
}
