/** What a text of JSON says; undefined when it is none. Errors of `JSON.parse` show what they found, which may be secret, so there is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
