import type { SignatureAlgorithm } from "./keys.js"

/** A key that bundles are verified with, and how. */
export type VerificationKey = PublicVerificationKey | SecretVerificationKey

/** A public key. */
export interface PublicVerificationKey {
  readonly algorithm: SignatureAlgorithm
  /** SubjectPublicKeyInfo, or a certificate. */
  readonly publicKeyPem: string
  /** Default scope of what this key has signed. */
  readonly scope?: string
}

/** A secret: whoever knows it can sign. */
export interface SecretVerificationKey {
  readonly algorithm: "HS256" | "HS384" | "HS512"
  readonly secret: string
  readonly scope?: string
}

/** Which signatures are good. */
export interface VerificationOptions {
  /** By id. */
  readonly keys: Readonly<Record<string, VerificationKey>>
  /** Which key; default: the one that the signature names. */
  readonly keyId?: string
  /** The scope that the signature must have. Default: that of the key, or else none. */
  readonly scope?: string
  /** Files that need not be signed: patterns as Go's `filepath.Match` takes them (`*`, `?`, `[a-z]`, none of which stands for `/`). */
  readonly excludeFiles?: readonly string[]
}

/** What a good signature says. */
export interface VerifiedSignature {
  readonly keyId: string
  readonly algorithm: string
  readonly scope?: string
  readonly issuer?: string
  /** Seconds since the epoch. */
  readonly issuedAt?: number
  /** How many files it covers. */
  readonly files: number
}
