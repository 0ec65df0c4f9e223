import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
  X509Certificate,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto"
import { z } from "zod"
import { attempt, BuiltinError } from "./opa-builtin.js"

/** A public key, with what its JWK says of it. */
export interface VerificationKey {
  readonly key: KeyObject
  readonly kid?: string | undefined
  readonly algorithm?: string | undefined
}

const algorithms = /^(?:(?<family>RS|PS|ES|HS)(?<bits>256|384|512)|EdDSA)$/
const keyTypes: ReadonlyMap<string, string> = new Map([
  ["RS", "rsa"],
  ["PS", "rsa"],
  ["ES", "ec"],
])

export function isHmac(algorithm: string): boolean {
  return /^HS(?:256|384|512)$/.test(algorithm)
}

/**
 * The keys in a PEM certificate or public key, a JWK, or a JWK set.
 *
 * @throws {BuiltinError} for anything else
 */
export function verificationKeys(text: string): readonly VerificationKey[] {
  const pem = /-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----\n?/.exec(text)
  if (pem) {
    if (text.slice(pem.index + pem[0].length) !== "") throw new BuiltinError("extra data after a PEM block")
    if (pem[1] === "CERTIFICATE") return [{ key: attempt(() => new X509Certificate(pem[0]).publicKey) }]
    if (pem[1] === "PUBLIC KEY") return [{ key: attempt(() => createPublicKey(pem[0])) }]
    throw new BuiltinError("no key in the PEM block")
  }
  return webKeys(attempt((): unknown => JSON.parse(text)))
    .filter(({ alg }) => alg === undefined || algorithms.test(alg))
    .map((key) => ({ key: publicKey(key), kid: key.kid, algorithm: key.alg }))
}

const WebKey = z.looseObject({ kty: z.string(), kid: z.string().optional(), alg: z.string().optional() })

function webKeys(value: unknown): readonly z.infer<typeof WebKey>[] {
  const { keys } = attempt(() => z.looseObject({ keys: z.array(z.unknown()).optional() }).parse(value))
  return attempt(() => z.array(WebKey).parse(keys ?? [value]))
}

function publicKey(key: JsonWebKey): KeyObject {
  return attempt(() => createPublicKey({ key, format: "jwk" }))
}

/** Whether a JWS signature is that of a key or a secret. */
export function isSignedBy(
  by: { readonly key: KeyObject } | { readonly secret: string },
  algorithm: string,
  text: string,
  signature: Buffer,
): boolean {
  const bits = algorithms.exec(algorithm)?.groups?.["bits"]
  if ("secret" in by) {
    const expected = createHmac(`sha${bits}`, by.secret).update(text).digest()
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
  if (!fits(by.key, algorithm)) return false
  return verifyBytes(bits === undefined ? null : `sha${bits}`, Buffer.from(text), { key: by.key, ...parametersOf(algorithm) }, signature)
}

function fits(key: KeyObject, algorithm: string): boolean {
  const type = keyTypes.get(algorithm.slice(0, 2)) ?? (algorithm === "EdDSA" ? "ed25519" : "none")
  return key.asymmetricKeyType === type
}

function parametersOf(algorithm: string): { readonly padding?: number; readonly saltLength?: number; readonly dsaEncoding?: "ieee-p1363" } {
  if (algorithm.startsWith("PS")) return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
  return algorithm.startsWith("ES") ? { dsaEncoding: "ieee-p1363" } : {}
}

/**
 * Signs with the first key of a JWK set, or with a JWK.
 *
 * @throws {BuiltinError} for a key that is none, or of another kind than the algorithm's
 */
export function sign(algorithm: string, text: string, webKey: unknown): Buffer {
  const [key] = webKeys(webKey)
  const known = algorithms.exec(algorithm)
  if (!known || !key) throw new BuiltinError(known ? "no keys found" : `unknown JWS algorithm: ${algorithm}`)
  const bits = known.groups?.["bits"]
  if (isHmac(algorithm)) {
    if (key.kty !== "oct" || typeof key["k"] !== "string") throw new BuiltinError("the key is no secret")
    return createHmac(`sha${bits}`, Buffer.from(key["k"], "base64url")).update(text).digest()
  }
  const privateKey = attempt(() => createPrivateKey({ key, format: "jwk" }))
  if (!fits(privateKey, algorithm)) throw new BuiltinError("the key is of another kind")
  const parameters = algorithm.startsWith("PS")
    ? { ...parametersOf(algorithm), saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : parametersOf(algorithm)
  return attempt(() => signBytes(bits === undefined ? null : `sha${bits}`, Buffer.from(text), { key: privateKey, ...parameters }))
}
