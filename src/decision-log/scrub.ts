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

/** A text without what looks like a signed token, credentials of an `Authorization` header, or the user of a URL. */
export function withoutTokens(text: string): string {
  if (text.length < shortestSecret) return text
  const plain = withoutJwts(text)
  return credentialsSign.test(plain) ? plain.replace(credentialsInText, `$1${redacted}`).replace(userinfoPattern, `://${redacted}@`) : plain
}

/** A text without what looks like a signed token, which JSON stays JSON by. */
export function withoutJwts(text: string): string {
  return text.includes("eyJ") ? text.replace(dottedPattern, withoutJwt) : text
}

/** Whether a member of that name is secret, whatever it holds. */
export function isSecretName(name: string): boolean {
  const word = plainName(name)
  return secretNames.has(word) || secretEnd.test(word)
}

/** Headers that may be kept, in lower case. */
export const keptHeaders: ReadonlySet<string> = new Set(["host", ":authority", "x-request-id"])

const redacted = "[redacted]"
const shortestSecret = 8
/** From the begin of a word only: each place is looked at once, however often the text says `eyJ`. */
const dottedPattern = /(?<![\w-])[\w-]+(?:\.{1,2}[\w-]+)+/g
const shortestHeader = 8
const credentialsPattern = /^(?:bearer|basic|digest|negotiate|dpop) /i
const credentialsSign = /bearer |dpop |authorization|basic |:\/\//i
const credentialsInText = /(authorization["'\s]*[:=]["'\s]*(?:[a-z]+ +)?|bearer +(?!tokens?\b)|dpop +|basic +(?=[\w+/]*[\d=]))[^\s"',;]+/gi
const userinfoPattern = /:\/\/[^/?#\s]*@/g
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
    const shown = withoutTokens(name)
    const where = `${place}/${pointerPart(shown)}`
    const word = plainName(name)
    if (isSecret(word, member)) note(erased, where)
    else if (isHeaders(word) && typeof member === "object" && member !== null) copy.push([shown, headersOf(member, where, erased)])
    else if (targetNames.has(word) && typeof member === "string") copy.push([shown, safeText(member.split(/[?#]/, 1)[0] ?? "")])
    else copy.push([shown, copied(member, where, depth + 1, erased)])
  }
  return Object.fromEntries(copy)
}

function withoutJwt(dotted: string): string {
  for (let at = dotted.indexOf("eyJ"); at >= 0;) {
    const dotAt = dotted.indexOf(".", at)
    if (dotAt < 0) return dotted
    if (dotAt - at >= shortestHeader) return dotted.slice(0, at) + redacted
    at = dotted.indexOf("eyJ", dotAt)
  }
  return dotted
}

function safeText(text: string): string {
  return credentialsPattern.test(text) ? redacted : withoutTokens(text)
}

function headersOf(headers: object, place: string, erased: string[]): unknown {
  const kept: [string, unknown][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (keptHeaders.has(name.toLowerCase())) kept.push([name, copied(value, place, mostDepth - 1, erased)])
    else note(erased, `${place}/${pointerPart(withoutTokens(name))}`)
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

/** How many there are, as in `max_tokens`, is none. */
function isSecret(word: string, member: unknown): boolean {
  if (secretNames.has(word)) return true
  return secretEnd.test(word) && !(word.endsWith("s") && (typeof member === "number" || typeof member === "boolean"))
}

const secretEnd =
  /(?:token|secret|password|passphrase|passwd|pwd|jwt|credential|cookie|apikey|accesskey|secretkey|privatekey|sessionid|assertion|signature)s?$/

const secretNames: ReadonlySet<string> = new Set("authorization proxyauthorization query rawquery querystring parsedquery queryparams".split(" "))
const targetNames: ReadonlySet<string> = new Set(["path", "url", "uri", "target", "requesturi", "originalurl", "rawpath"])
