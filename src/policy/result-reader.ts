const maxRemembered = 64
const maxRememberedLength = 256

/**
 * Reads result sets (`[{"result":…}]`, `[]`). A policy has few distinct answers, so that short ones are parsed once and shared, deeply frozen.
 *
 * @returns a function from the text of a result set to its value, `undefined` for an empty one
 */
export function resultReader(): (resultSet: string) => unknown {
  const remembered = new Map<string, unknown>()
  return (resultSet) => {
    const known = remembered.get(resultSet)
    if (known !== undefined || resultSet === "[]") return known
    const value = parsed(resultSet)
    if (resultSet.length > maxRememberedLength) return value
    if (remembered.size === maxRemembered) forgetOldest(remembered)
    remembered.set(resultSet, deeplyFrozen(value))
    return value
  }
}

function parsed(resultSet: string): unknown {
  const results: unknown = JSON.parse(resultSet)
  const first: unknown = Array.isArray(results) ? results[0] : undefined
  if (typeof first === "object" && first !== null && "result" in first) return first.result
  throw new Error(`the result set ${resultSet.slice(0, 100)} holds no result`)
}

function forgetOldest(remembered: Map<string, unknown>): void {
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest)
    return
  }
}

function deeplyFrozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  for (const member of Object.values(value)) deeplyFrozen(member)
  return Object.freeze(value)
}
