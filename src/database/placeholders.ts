const known = new Map<string, string>()
const mostKnown = 500

/** A statement with `$1`, `$2`, … for its `?`. None of ours has a `?` in a text. */
export function numbered(text: string): string {
  const before = known.get(text)
  if (before !== undefined) return before
  let count = 0
  const result = text.replace(/\?/g, () => `$${++count}`)
  if (known.size >= mostKnown) known.clear()
  known.set(text, result)
  return result
}
