/** A copy of a value from outside, without what is secret, and the places that are gone. */
export interface Scrubbed {
  readonly value: unknown
  /** JSON pointers below `place`; the first hundred. */
  readonly erased: readonly string[]
}

/**
 * Copies a JSON value without members that are named like secrets, without headers but `host` and the request id, without the queries of paths and
 * URLs, and without what looks like a token inside texts. Names are compared without case, `-` and `_`.
 *
 * @param place the JSON pointer of the value, such as `/input`
 */
export function scrubbed(value: unknown, place: string): Scrubbed {
  const erased: string[] = []
  return { value: copied(value, place, 0, erased), erased }
}

/** A text without what looks like a signed token. */
export function withoutTokens(text: string): string {
  return text.includes("eyJ") ? text.replace(tokenPattern, redacted) : text
}

/** Headers that may be kept, in lower case. */
export const keptHeaders: ReadonlySet<string> = new Set(["host", ":authority", "x-request-id"])

const redacted = "[redacted]"
/** From the begin of a word only: each place is looked at once, however often the text says `eyJ`. */
const tokenPattern = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]+)*/g
const credentialsPattern = /^(?:bearer|basic|digest|negotiate|dpop) /i
const mostDepth = 64
const mostErased = 100

function copied(value: unknown, place: string, depth: number, erased: string[]): unknown {
  if (typeof value === "string") return safeText(value)
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value
  if (depth === mostDepth) {
    note(erased, place)
    return null
  }
  if (Array.isArray(value)) return value.map((item: unknown, at) => copied(item, `${place}/${at}`, depth + 1, erased))
  const copy: [string, unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    const where = `${place}/${pointerPart(name)}`
    const word = plainName(name)
    if (isSecretName(word)) note(erased, where)
    else if (isHeaders(word) && typeof member === "object" && member !== null) copy.push([name, headersOf(member, where, erased)])
    else if (targetNames.has(word) && typeof member === "string") copy.push([name, safeText(member.split(/[?#]/, 1)[0] ?? "")])
    else copy.push([name, copied(member, where, depth + 1, erased)])
  }
  return Object.fromEntries(copy)
}

function safeText(text: string): string {
  return credentialsPattern.test(text) ? redacted : withoutTokens(text)
}

function headersOf(headers: object, place: string, erased: string[]): unknown {
  const kept: [string, unknown][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (keptHeaders.has(name.toLowerCase())) kept.push([name, copied(value, place, mostDepth - 1, erased)])
    else note(erased, `${place}/${pointerPart(name)}`)
  }
  return Object.fromEntries(kept)
}

function note(erased: string[], place: string): void {
  if (erased.length < mostErased) erased.push(place)
}

function pointerPart(name: string): string {
  return name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "")
}

function isHeaders(word: string): boolean {
  return word.endsWith("headers")
}

function isSecretName(word: string): boolean {
  return secretNames.has(word) || /(?:token|secret|password|passphrase|credential|credentials|cookie|cookies|apikey|privatekey|signature)$/.test(word)
}

const secretNames: ReadonlySet<string> = new Set(
  "authorization proxyauthorization passwd pwd jwt assertion clientassertion sessionid accesskey secretkey query rawquery querystring parsedquery queryparams".split(
    " ",
  ),
)
const targetNames: ReadonlySet<string> = new Set(["path", "url", "uri", "target", "requesturi", "originalurl", "rawpath"])
