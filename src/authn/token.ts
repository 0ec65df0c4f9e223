import { scanJson } from "../model/json-scanner.js"
import { refused } from "./reasons.js"

/** A JWT as it came: nothing of it is verified. */
export interface Token {
  readonly text: string
  /** `alg` of its header. */
  readonly algorithm: string
  /** `kid` of its header. */
  readonly keyId: string | undefined
  /** `typ` of its header. */
  readonly type: string | undefined
  readonly claims: Claims
  readonly hasSignature: boolean
}

/** The claims of a token, by name. */
export type Claims = ReadonlyMap<string, unknown>

/**
 * Takes a JWT apart. Refused is what parsers read differently: duplicate members, lone surrogates, numbers beyond a double, critical extensions.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with reason `token_malformed`; the message tells nothing of the token
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-7.2
 */
export function parsedToken(text: string): Token {
  const [header = "", claims = "", signature, ...more] = text.length > mostLength ? [] : text.split(".")
  if (more.length === 2) throw refused("token_malformed", "the token is encrypted (JWE)", "let the identity provider issue signed tokens")
  if (signature === undefined || more.length > 0 || !base64url.test(signature)) throw refused("token_malformed", undefined, notJwt)
  const members = membersOf(header, "header")
  const [alg, kid, typ, crit, b64] = ["alg", "kid", "typ", "crit", "b64"].map((name) => members.get(name))
  if (typeof alg !== "string" || alg === "") throw refused("token_malformed", "the header of the token names no algorithm")
  if (crit !== undefined || (b64 !== undefined && b64 !== true))
    throw refused("token_malformed", "the header of the token demands an extension that is not supported (crit, b64)")
  if (!isTextOrAbsent(kid) || !isTextOrAbsent(typ)) throw refused("token_malformed", "kid or typ in the header of the token is no text")
  return { text, algorithm: alg, keyId: kid, type: typ, claims: membersOf(claims, "claims"), hasSignature: signature !== "" }
}

/** As much as the headers of a request may hold. */
const mostLength = 32 * 1024
const base64url = /^[A-Za-z0-9_-]*$/
const notJwt = "send a JWT of at most 32 KiB; other tokens cannot be looked up, and a name or an e-mail address alone proves nothing"
const scanLimits = { depth: 32, keys: 1_000 }

function membersOf(part: string, name: string): Claims {
  const bytes = Buffer.from(part, "base64url")
  if (base64url.test(part) && !scanJson(bytes, scanLimits)) {
    const members = parsedObject(bytes.toString())
    if (members) return members
  }
  throw refused("token_malformed", `the ${name} of the token is no JSON object, or one that can be read in two ways`)
}

/** The errors of JSON.parse quote the text, so they are not passed on. */
function parsedObject(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string"
}
