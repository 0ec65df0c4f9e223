import { CompactSign } from "jose"
import { byCodePoints } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import { readPrivateKey, type SignatureAlgorithm } from "./keys.js"
import { signaturesFile } from "./signatures-file.js"

/** How bundles are signed. */
export interface SigningOptions {
  /** PKCS#8, or the older forms of RSA and EC keys. Secret. */
  readonly privateKeyPem: string
  /** Default: what the key is for, RS256 for RSA. */
  readonly algorithm?: SignatureAlgorithm
  /** Under which id OPA's configuration has the public key. Default: the id that `generateSigningKey` gives the key. */
  readonly keyId?: string
  /** Must be that of OPA's configuration. */
  readonly scope?: string
  /** `iss`; OPA does not look at it. */
  readonly issuer?: string
  /** Milliseconds since the epoch, for `iat`. */
  readonly now?: () => number
}

/** A file and what is signed of it. */
export interface SignedFile {
  /** Relative. */
  readonly name: string
  /** SHA-256 in hex; of structured files (`.manifest`, `data.json`, `data.yaml`) over their canonical JSON. */
  readonly hash: string
}

/** Signs files. @returns `.signatures.json` */
export type BundleSigner = (files: readonly SignedFile[]) => Promise<BundleFile>

/**
 * A signer. ECDSA and RSA-PSS are randomised and `iat` is the time, so the same files get another signature each time: sign them once and keep it, as `bundleSet` does.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the key is none, or not for the algorithm
 */
export function bundleSigner({ privateKeyPem, algorithm: wanted, keyId: given, scope, issuer, now = Date.now }: SigningOptions): BundleSigner {
  const { key, algorithm, keyId: own } = readPrivateKey(privateKeyPem, wanted)
  const keyId = given ?? own
  return async (files) => {
    const listed = [...files]
      .sort((left, right) => byCodePoints(left.name, right.name))
      .map(({ name, hash }) => ({ name, hash, algorithm: "SHA-256" }))
    const claims = {
      files: listed,
      iat: Math.floor(now() / 1_000),
      ...(issuer !== undefined && { iss: issuer }),
      keyid: keyId,
      ...(scope !== undefined && { scope }),
    }
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg: algorithm, kid: keyId }).sign(key)
    return { name: signaturesFile, body: Buffer.from(JSON.stringify({ signatures: [token] })) }
  }
}
