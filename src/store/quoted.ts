/** The text as a JSON string, as `JSON.stringify` writes it. */
export function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

// Without the `u` flag, half a surrogate pair and a whole one look alike; both take the slow way.
const needsEscape = /[\u0000-\u001f"\\\ud800-\udfff]/
