import { isUtf8 } from "node:buffer"

/** Caps of {@link scanJson}. */
export interface ScanLimits {
  /** Arrays and objects inside each other. */
  readonly depth: number
  /** Keys of one object. */
  readonly keys: number
  /** Texts, numbers, lists and objects in all. Default: any number. */
  readonly values?: number
}

/** What a body must not hold, and the byte where it stands. */
export interface ScanFinding {
  readonly problem: string
  readonly offset: number
}

/**
 * Looks through the bytes of one JSON text, before `JSON.parse` sees it, for what parsers accept and disagree about: invalid UTF-8, lone
 * surrogates, duplicate keys, numbers beyond a double, and what is nested or counted beyond the limits. Malformed JSON is left to `JSON.parse`.
 *
 * @returns the first finding, or `undefined` when there is none
 */
export function scanJson(bytes: Buffer, limits: ScanLimits): ScanFinding | undefined {
  if (!isUtf8(bytes)) return { problem: "invalid UTF-8, or a surrogate written as bytes", offset: firstInvalidByte(bytes) }
  const keys = new KeyRing(bytes)
  const length = bytes.length
  let depth = 0
  let keyNext = false
  let values = 0
  const mostValues = limits.values ?? Infinity
  for (let at = 0; at < length; at++) {
    switch (bytes[at]) {
      case quote: {
        const end = stringEnd(bytes, at + 1)
        if (end < 0) return { problem: "a lone surrogate", offset: -end }
        if (keyNext) {
          keyNext = false
          const count = keys.add(at + 1, end)
          if (count === duplicate) return { problem: `the key ${keys.shown(at + 1, end)} twice in one object`, offset: at }
          if (count > limits.keys) return { problem: `more than ${limits.keys} keys in one object`, offset: at }
        }
        at = end
        break
      }
      case openBrace:
      case openBracket:
        if (++values > mostValues) return { problem: `more than ${mostValues} values`, offset: at }
        if (++depth > limits.depth) return { problem: `nesting deeper than ${limits.depth}`, offset: at }
        keyNext = bytes[at] === openBrace
        keys.open(keyNext)
        break
      case closeBrace:
      case closeBracket:
        if (depth > 0) depth--
        keys.close()
        keyNext = false
        break
      case comma:
        if (++values > mostValues) return { problem: `more than ${mostValues} values`, offset: at }
        keyNext = keys.inObject()
        break
      case 0x2d: // -
      case 0x30: // 0-9
      case 0x31:
      case 0x32:
      case 0x33:
      case 0x34:
      case 0x35:
      case 0x36:
      case 0x37:
      case 0x38:
      case 0x39: {
        const end = numberEnd(bytes, at)
        if (end < 0) return { problem: "a number beyond the range of a double", offset: at }
        at = end - 1
      }
    }
  }
  return undefined
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const duplicate = -1
const linearKeys = 12
const plainDigits = 300

/** The keys of the objects that are open at one place. */
class KeyRing {
  readonly #bytes: Buffer
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  /** Per open array or object: the index of its first key, or -1 for an array. */
  readonly #bases: number[] = []
  readonly #sets: (Set<string> | undefined)[] = []
  readonly #anyEscape: boolean
  #base = -1

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#anyEscape = bytes.includes(backslash)
  }

  open(isObject: boolean): void {
    this.#base = isObject ? this.#starts.length : -1
    this.#bases.push(this.#base)
    this.#sets.push(undefined)
  }

  close(): void {
    if (this.#base >= 0) this.#starts.length = this.#ends.length = this.#base
    this.#bases.pop()
    this.#sets.pop()
    this.#base = this.#bases[this.#bases.length - 1] ?? -1
  }

  inObject(): boolean {
    return this.#base >= 0
  }

  /** @returns how many keys the object has now, or {@link duplicate} */
  add(start: number, end: number): number {
    const count = this.#starts.length - this.#base
    const set = this.#sets[this.#sets.length - 1]
    if (set ? set.has(this.#name(start, end)) : this.#seen(start, end)) return duplicate
    this.#starts.push(start)
    this.#ends.push(end)
    if (set) set.add(this.#name(start, end))
    if (!set && (count >= linearKeys || this.#escaped(start, end))) this.#index()
    return count + 1
  }

  shown(start: number, end: number): string {
    return JSON.stringify(this.#bytes.toString("utf8", start, Math.min(end, start + 64)))
  }

  #seen(start: number, end: number): boolean {
    const bytes = this.#bytes
    const length = end - start
    for (let key = this.#base; key < this.#starts.length; key++) {
      const other = this.#starts[key] ?? 0
      if ((this.#ends[key] ?? 0) - other !== length) continue
      let same = 0
      while (same < length && bytes[other + same] === bytes[start + same]) same++
      if (same === length) return true
    }
    return this.#escaped(start, end) && this.#starts.slice(this.#base).some((other, key) => this.#sameName(other, key, start, end))
  }

  #sameName(other: number, key: number, start: number, end: number): boolean {
    return this.#name(other, this.#ends[this.#base + key] ?? 0) === this.#name(start, end)
  }

  /** From many keys on, and with escapes, a set: V8 seeds its hashes, so keys chosen to collide do not. */
  #index(): void {
    const names = this.#starts.slice(this.#base).map((start, key) => this.#name(start, this.#ends[this.#base + key] ?? 0))
    this.#sets[this.#sets.length - 1] = new Set(names)
  }

  #escaped(start: number, end: number): boolean {
    if (!this.#anyEscape) return false
    for (let at = start; at < end; at++) if (this.#bytes[at] === backslash) return true
    return false
  }

  #name(start: number, end: number): string {
    const raw = this.#bytes.toString("utf8", start, end)
    return raw.includes("\\") ? unescaped(raw) : raw
  }
}

function unescaped(raw: string): string {
  const simple: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex: string | undefined, letter: string | undefined) =>
    hex === undefined ? (simple[letter ?? ""] ?? letter ?? "") : String.fromCharCode(parseInt(hex, 16)),
  )
}

/** The index of the closing quote (or the length); minus the index of the backslash that begins a lone surrogate. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) return at
    if (byte !== backslash) continue
    at++
    if (bytes[at] !== 0x75) continue
    const unit = hexAt(bytes, at + 1)
    if (unit >= 0xdc00 && unit <= 0xdfff) return -(at - 1)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const low = bytes[at + 5] === backslash && bytes[at + 6] === 0x75 ? hexAt(bytes, at + 7) : -1
    if (low < 0xdc00 || low > 0xdfff) return -(at - 1)
    at += 10
  }
  return bytes.length
}

function hexAt(bytes: Buffer, start: number): number {
  const text = bytes.toString("latin1", start, start + 4)
  return /^[0-9a-fA-F]{4}$/.test(text) ? parseInt(text, 16) : -1
}

/** The index after the number; -1 when it is beyond a double. */
function numberEnd(bytes: Buffer, start: number): number {
  let end = start + 1
  let exponent = false
  for (; end < bytes.length; end++) {
    const byte = bytes[end] ?? 0
    if (byte === 0x65 || byte === 0x45) exponent = true
    else if (!((byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2b || byte === 0x2d)) break
  }
  if (!exponent && end - start < plainDigits) return end
  const value = Number(bytes.toString("latin1", start, end))
  return value === Infinity || value === -Infinity ? -1 : end
}

/** Decoding replaces what is invalid, so the first byte that does not come back is where it begins. */
function firstInvalidByte(bytes: Buffer): number {
  const decoded = Buffer.from(bytes.toString("utf8"))
  return bytes.findIndex((byte, at) => byte !== decoded[at])
}
