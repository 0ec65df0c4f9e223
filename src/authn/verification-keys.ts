import { createPublicKey } from "node:crypto"
import { compactVerify, createLocalJWKSet, errors, type CryptoKey, type LocalJWKSet } from "jose"
import { z } from "zod"
import { PdpError } from "../errors.js"

/** What the header of a token says about its signature. */
export interface SignedWith {
  readonly algorithm: string
  readonly keyId: string | undefined
}

/** The keys of one issuer at one moment. */
export interface VerificationKeys {
  readonly size: number
  /** Equal for equal keys in the same order. */
  readonly digest: string
  readonly has: (keyId: string) => boolean
  /** Every key is tried that fits the algorithm and, where there is one, the key id. `no_key`: none fits. */
  readonly verify: (token: string, signedWith: SignedWith) => Promise<"verified" | "not_verified" | "no_key">
}

/**
 * Those keys of a JSON Web Key Set that can verify. Others are ignored: for encryption, symmetric, private, weak, of an unknown kind.
 *
 * @param json what the issuer answered
 * @throws {PdpError} `ERR_IDP_UNAVAILABLE` when it is no key set, or one of more than 100 keys
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 */
export function verificationKeys(json: unknown): VerificationKeys {
  const checked = KeySetDocument.safeParse(json)
  if (!checked.success)
    throw new PdpError("ERR_IDP_UNAVAILABLE", `what it serves is no JSON Web Key Set of at most ${mostKeys} keys; check its jwks_uri`)
  const keys = checked.data.keys.flatMap(usableKey)
  const keySet = createLocalJWKSet({ keys: [...keys] })
  const keyIds = new Set(keys.map(({ kid }) => kid))
  return {
    size: keys.length,
    digest: JSON.stringify(keys),
    has: (keyId) => keyIds.has(keyId),
    async verify(token, signedWith) {
      const fitting = await fittingKeys(keySet, signedWith)
      for (const key of fitting) if (await isVerified(token, key, signedWith.algorithm)) return "verified"
      return fitting.length > 0 ? "not_verified" : "no_key"
    },
  }
}

const mostKeys = 100
const KeySetDocument = z.object({ keys: z.array(z.unknown()).max(mostKeys) })
const text = z.string().exactOptional()
const keyType = z.enum(["RSA", "EC", "OKP"])
const PublicKey = z.object({ kty: keyType, kid: text, alg: text, n: text, e: text, crv: text, x: text, y: text })
const ForVerifying = z.object({ use: z.literal("sig").optional(), key_ops: z.array(z.string()).optional(), d: z.undefined().optional() })

function usableKey(entry: unknown): readonly z.infer<typeof PublicKey>[] {
  const purpose = ForVerifying.safeParse(entry)
  if (!purpose.success || purpose.data.key_ops?.includes("verify") === false) return []
  const { data: key } = PublicKey.safeParse(entry)
  return key && isStrong(key) ? [key] : []
}

/**
 * Node refuses points that are not on their curve, and takes any RSA modulus and exponent: signatures for an exponent of 1 can be made by anybody.
 *
 * @see https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.186-5.pdf section 5.4: the exponent is odd and more than 2^16
 */
function isStrong(key: z.infer<typeof PublicKey>): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key, format: "jwk" })
    if (asymmetricKeyType !== "rsa") return asymmetricKeyType === "ec" || asymmetricKeyType === "ed25519"
    const { modulusLength: bits = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {}
    return bits >= 2_048 && bits <= 16_384 && publicExponent >= 65_537n && publicExponent % 2n === 1n
  } catch {
    return false
  }
}

async function fittingKeys(keySet: LocalJWKSet, { algorithm, keyId }: SignedWith): Promise<readonly CryptoKey[]> {
  try {
    return [await keySet({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }) })]
  } catch (thrown) {
    if (thrown instanceof errors.JWKSNoMatchingKey) return []
    if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown
    const keys: CryptoKey[] = []
    for await (const key of thrown) keys.push(key)
    return keys
  }
}

async function isVerified(token: string, key: CryptoKey, algorithm: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] })
    return true
  } catch (thrown) {
    if (!(thrown instanceof errors.JOSEError)) throw thrown
    return false
  }
}
