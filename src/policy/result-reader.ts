const rememberedResults = 64
const rememberedLength = 256

/**
 * Reads result sets (`[{"result":…}]`). Decisions have few distinct results, so the short ones are parsed once and shared, frozen.
 *
 * @returns a function from the text to the value; `undefined` for an empty set
 */
export function resultReader(): (text: string) => unknown {
  const known = new Map<string, unknown>()
  return (text) => {
    const remembered = known.get(text)
    if (remembered !== undefined) return remembered
    const value = parse(text)
    if (text.length > rememberedLength || value === undefined) return value
    if (known.size >= rememberedResults) known.clear()
    known.set(text, deepFrozen(value))
    return value
  }
}

function parse(text: string): unknown {
  const set: unknown = JSON.parse(text)
  if (!Array.isArray(set)) return undefined
  const [first]: unknown[] = set
  return typeof first === "object" && first !== null && "result" in first ? first.result : undefined
}

function deepFrozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  for (const member of Object.values(value)) deepFrozen(member)
  return Object.freeze(value)
}
