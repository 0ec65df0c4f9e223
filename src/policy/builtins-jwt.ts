import { BuiltinError, objectIn, textIn, type Evaluation, type OpaBuiltin, type OpaBuiltins } from "./opa-builtin.js"
import { isHmac, isSignedBy, sign, verificationKeys, type VerificationKey } from "./jws.js"
import { isArray, memberOf, type Term, type TermObject } from "./term.js"
import { jsonOf, markupSafeJson, parseTerm } from "./term-text.js"

/** JSON web tokens. Nothing is fetched: keys come as certificates, public keys, JWK sets or secrets. */
export const jwtBuiltins: OpaBuiltins = {
  "io.jwt.decode": (token) => decoded(textIn(token)),
  ...Object.fromEntries(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"].map((algorithm) => [
      `io.jwt.verify_${algorithm.toLowerCase()}`,
      verifier(algorithm),
    ]),
  ),
  "io.jwt.decode_verify": function (token, constraints) {
    return verified(textIn(token), constraintsIn(objectIn(constraints), this))
  },
  "io.jwt.encode_sign": (header, payload, key) => signed(markupSafeJson(header ?? null), markupSafeJson(payload ?? null), jsonOf(key ?? null)),
  "io.jwt.encode_sign_raw": (header, payload, key) => signed(textIn(header), textIn(payload), textIn(key)),
}

interface Token {
  readonly signedText: string
  readonly header: TermObject
  readonly payload: string
  readonly signature: Buffer
}

function parts(token: string): Token {
  const [header, payload, signature, ...rest] = token.split(".")
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    throw new BuiltinError("encoded JWT must have 3 sections")
  const decodedHeader = jsonObject(base64url(header).toString())
  if (decodedHeader.has("enc")) throw new BuiltinError("JWT is a JWE object, which is not supported")
  return { signedText: `${header}.${payload}`, header: decodedHeader, payload, signature: base64url(signature) }
}

function base64url(text: string): Buffer {
  const bare = text.replace(/=+$/, "")
  if (!/^[\w-]*$/.test(bare) || bare.length % 4 === 1) throw new BuiltinError("invalid encoding")
  return Buffer.from(bare, "base64url")
}

function jsonObject(text: string): TermObject {
  let value: Term
  try {
    JSON.parse(text)
    value = parseTerm(text)
  } catch (cause) {
    throw new BuiltinError("invalid JSON", { cause })
  }
  return objectIn(value)
}

function decoded(text: string): Term {
  const token = parts(text)
  const payload = base64url(token.payload).toString()
  if (token.header.has("cty") && textIn(token.header.get("cty")) === "JWT") return decoded(payload.replace(/^["']+|["']+$/g, ""))
  return [token.header, jsonObject(payload), token.signature.toString("hex")]
}

function verifier(algorithm: string): OpaBuiltin {
  return (text, key) => {
    const token = parts(textIn(text))
    if (isHmac(algorithm)) return isSignedBy({ secret: textIn(key) }, algorithm, token.signedText, token.signature)
    const keys = verificationKeys(textIn(key))
    return isSigned(token, keys, algorithm, headerOf(token.header))
  }
}

function isSigned(token: Token, keys: readonly VerificationKey[], algorithm: string, header: Header): boolean {
  const wanted = header.kid === "" ? undefined : keys.find(({ kid }) => kid === header.kid)
  const tried = wanted ? [wanted] : keys.filter(({ algorithm: own }) => own === undefined || own === header.algorithm)
  return tried.some(({ key }) => isSignedBy({ key }, algorithm, token.signedText, token.signature))
}

interface Header {
  readonly algorithm: string
  readonly kid: string
  readonly contentType: string
  readonly isCriticalUnknown: boolean
}

const knownParameters = ["alg", "kid", "typ", "cty", "crit"]

function headerOf(header: TermObject): Header {
  const text = (name: string): string => (header.has(name) ? textIn(header.get(name)) : "")
  const crit = header.get("crit")
  if (crit !== undefined && (!isArray(crit) || crit.length === 0)) throw new BuiltinError("crit: must be a nonempty list")
  text("typ")
  const critical = isArray(crit) ? crit.filter((name) => typeof name === "string") : []
  return {
    algorithm: text("alg"),
    kid: text("kid"),
    contentType: text("cty"),
    isCriticalUnknown: critical.some((name) => !knownParameters.includes(name) && header.has(name)),
  }
}

interface Constraints {
  readonly keys: readonly VerificationKey[] | undefined
  readonly secret: string
  readonly algorithm: string
  readonly issuer: string
  readonly audience: string
  /** Seconds since the epoch. */
  readonly time: number
}

function constraintsIn(object: TermObject, evaluation: Evaluation): Constraints {
  for (const name of object.keys())
    if (!["cert", "secret", "alg", "iss", "aud", "time"].includes(textIn(name)))
      throw new BuiltinError(`unknown token validation constraint: ${String(name)}`)
  const text = (name: string): string => (object.has(name) ? textIn(object.get(name)) : "")
  const time = object.get("time") ?? evaluation.nowNanos()
  if ((typeof time !== "number" && typeof time !== "bigint") || time < 0)
    throw new BuiltinError("token time constraint: must be a number, not negative")
  const keys = object.has("cert") ? verificationKeys(text("cert")) : undefined
  const secret = text("secret")
  if ((keys === undefined) === (secret === "")) throw new BuiltinError("there must be one key constraint")
  return { keys, secret, algorithm: text("alg"), issuer: text("iss"), audience: text("aud"), time: Number(time) / 1e9 }
}

const mostNested = 16

function verified(text: string, constraints: Constraints, nesting = 0): Term {
  const unverified: Term = [false, new Map<Term, Term>(), new Map<Term, Term>()]
  const token = parts(text)
  const header = headerOf(token.header)
  if (header.algorithm === "" || header.isCriticalUnknown) return unverified
  if (constraints.algorithm !== "" && constraints.algorithm !== header.algorithm) return unverified
  const { keys, secret } = constraints
  const isGenuine = keys
    ? isSigned(token, keys, header.algorithm, header)
    : isHmac(header.algorithm) && isSignedBy({ secret }, header.algorithm, token.signedText, token.signature)
  if (!isGenuine) return unverified
  const content = base64url(token.payload).toString()
  if (header.contentType.toUpperCase() === "JWT") {
    if (nesting === mostNested) throw new BuiltinError("too many nested tokens")
    return verified(content, constraints, nesting + 1)
  }
  const payload = jsonObject(content)
  return areClaimsMet(payload, constraints) ? [true, token.header, payload] : unverified
}

function areClaimsMet(payload: TermObject, { issuer, audience, time }: Constraints): boolean {
  if (issuer !== "" && (!payload.has("iss") || textIn(payload.get("iss")) !== issuer)) return false
  const aud = payload.get("aud")
  const audiences = isArray(aud) ? aud : [aud ?? ""]
  if (!audiences.includes(audience)) return false
  const expires = seconds(memberOf(payload, "exp"))
  const starts = seconds(memberOf(payload, "nbf"))
  return (expires === undefined || time < expires) && (starts === undefined || time >= starts)
}

function seconds(term: Term | undefined): number | undefined {
  if (term === undefined || typeof term === "number") return term
  if (typeof term === "bigint") return Number(term)
  throw new BuiltinError("exp and nbf must be numbers")
}

function signed(header: string, payload: string, key: string): string {
  const parameters = jsonObject(header)
  const algorithm = textIn(parameters.get("alg"))
  const type = parameters.get("typ")
  if (type === undefined || type === "JWT") parseJson(payload)
  const text = `${Buffer.from(header).toString("base64url")}.${Buffer.from(payload).toString("base64url")}`
  return `${text}.${sign(algorithm, text, parseJson(key)).toString("base64url")}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BuiltinError("not JSON", { cause })
  }
}
