import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto"
import { promisify } from "node:util"
import { PdpError } from "../errors.js"

/**
 * Algorithms that OPA verifies bundle signatures with, public keys only. It knows HS256 and its like besides, with which everybody who can verify can
 * sign; EdDSA it does not know (`unsupported algorithm 'EdDSA'`).
 *
 * @see https://www.openpolicyagent.org/docs/configuration#keys
 */
export const signatureAlgorithms = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const

/** One of {@link signatureAlgorithms}. */
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** A pair of keys for bundle signatures. */
export interface SigningKey {
  readonly algorithm: SignatureAlgorithm
  /** 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string
  /** PKCS#8. Secret. */
  readonly privateKeyPem: string
  /** SubjectPublicKeyInfo, as OPA's `keys.<id>.key` takes it. */
  readonly publicKeyPem: string
}

/** Makes a new pair: ECDSA on the algorithm's curve, or RSA with 3,072 bits. */
export async function generateSigningKey(algorithm: SignatureAlgorithm): Promise<SigningKey> {
  const curve = curves.get(algorithm)
  const { publicKey, privateKey } = curve === undefined ? await pair("rsa", { modulusLength: 3_072 }) : await pair("ec", { namedCurve: curve })
  return {
    algorithm,
    keyId: keyIdOf(publicKey),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  }
}

/**
 * Reads a private key.
 *
 * @param pem PKCS#8, or the older forms of RSA and EC keys, not encrypted
 * @param algorithm default: what the key is for, RS256 for RSA
 * @returns the key with its algorithm, and the id that `generateSigningKey` gives it
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it is none, or not for the algorithm; never with a part of the key
 */
export function readPrivateKey(pem: string, algorithm?: SignatureAlgorithm): KeyForSignatures {
  if (/-----BEGIN PUBLIC KEY-----/.test(pem) && !/PRIVATE KEY-----/.test(pem))
    throw new PdpError("ERR_CONFIG_INVALID", "this is a public key; sign with the private one, which 'portcullis bundle keygen' wrote beside it")
  const key = parsed(() => createPrivateKey(pem), "private")
  return { key, algorithm: algorithmFor(key, algorithm), keyId: keyIdOf(createPublicKey(key)) }
}

/**
 * The public half of a private key.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID`, as {@link readPrivateKey}
 */
export function publicKeyOf(privateKeyPem: string, algorithm?: SignatureAlgorithm): Omit<SigningKey, "privateKeyPem"> {
  const { key, algorithm: chosen, keyId } = readPrivateKey(privateKeyPem, algorithm)
  return { algorithm: chosen, keyId, publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }).toString() }
}

/**
 * Reads a public key, or the one in a certificate.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when it is none, or not for the algorithm
 */
export function readPublicKey(pem: string, algorithm?: SignatureAlgorithm): KeyForSignatures {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw new PdpError("ERR_CONFIG_INVALID", "this is a private key; verify with the public one, and keep the private one where bundles are signed")
  const key = parsed(() => createPublicKey(pem), "public")
  return { key, algorithm: algorithmFor(key, algorithm), keyId: keyIdOf(key) }
}

/** A key, and what it is used with. */
export interface KeyForSignatures {
  readonly key: KeyObject
  readonly algorithm: SignatureAlgorithm
  readonly keyId: string
}

const pair = promisify(generateKeyPair)
const curves = new Map<string, string>([
  ["ES256", "prime256v1"],
  ["ES384", "secp384r1"],
  ["ES512", "secp521r1"],
])
const leastRsaBits = 2_048

function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16)
}

function parsed(read: () => KeyObject, kind: "private" | "public"): KeyObject {
  try {
    return read()
  } catch (cause) {
    throw new PdpError("ERR_CONFIG_INVALID", `this is no ${kind} key in PEM; 'portcullis bundle keygen' makes one`, { cause })
  }
}

function algorithmFor(key: KeyObject, wanted: SignatureAlgorithm | undefined): SignatureAlgorithm {
  const fitting = fittingAlgorithms(key)
  const algorithm = wanted ?? fitting[0]
  if (algorithm !== undefined && fitting.includes(algorithm)) return algorithm
  const kind = [key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve, key.asymmetricKeyDetails?.modulusLength].filter(Boolean).join(" ")
  throw new PdpError(
    "ERR_CONFIG_INVALID",
    `a key of kind '${kind}' is not for ${wanted ?? "bundle signatures that OPA verifies"}; ${keyAdvice(fitting)}`,
  )
}

function keyAdvice(fitting: readonly SignatureAlgorithm[]): string {
  return fitting.length > 0 ? `it is for ${fitting.join(", ")}` : `use an EC key on P-256, P-384 or P-521, or RSA with ${leastRsaBits} bits at least`
}

function fittingAlgorithms(key: KeyObject): readonly SignatureAlgorithm[] {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength < leastRsaBits ? [] : signatureAlgorithms.filter((name) => !curves.has(name))
    case "ec":
      return signatureAlgorithms.filter((name) => curves.get(name) === namedCurve)
    default:
      return []
  }
}
