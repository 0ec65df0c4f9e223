/** About how many bytes a JSON value holds in memory. */
export function jsonWeight(value: unknown): number {
  if (typeof value === "string") return 16 + 2 * value.length
  if (typeof value !== "object" || value === null) return 8
  let bytes = 48
  if (Array.isArray(value)) for (const item of value) bytes += 8 + jsonWeight(item)
  else for (const [name, member] of Object.entries(value)) bytes += 32 + 2 * name.length + jsonWeight(member)
  return bytes
}
