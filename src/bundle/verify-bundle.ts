import { createSecretKey, hash, timingSafeEqual, type KeyObject } from "node:crypto"
import { setImmediate as nextTurn } from "node:timers/promises"
import { compactVerify, decodeProtectedHeader } from "jose"
import { messageOf } from "../errors.js"
import { fileHash, hashAlgorithms, isStructured } from "./file-hash.js"
import { globPattern } from "./glob-pattern.js"
import { readPublicKey } from "./keys.js"
import { readSignatureClaims, readSignaturesFile, signatureProblem, signaturesFile, type SignatureClaims } from "./signatures-file.js"
import type { VerificationKey, VerificationOptions, VerifiedSignature } from "./verification.js"

/**
 * Verifies that one of our keys has signed exactly these files. Stricter than OPA in two things: with keys configured an unsigned bundle is refused even when
 * no key id is, and the algorithm in the JWT's header must be the one of the key.
 *
 * @param files every file by name, `.signatures.json` included
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `signature_missing`, `signature_malformed`, `key_unknown`, `signature_invalid`, `scope_mismatch`,
 *   `file_not_signed`, `file_missing`, `hash_algorithm_unknown` or `digest_mismatch`; `ERR_CONFIG_INVALID` for a key that is none
 * @see https://www.openpolicyagent.org/docs/management-bundles#signature-verification
 */
export async function verifyBundle(files: ReadonlyMap<string, Uint8Array>, options: VerificationOptions): Promise<VerifiedSignature> {
  const bytes = files.get(signaturesFile)
  if (!bytes) throw signatureProblem("signature_missing", `bundle missing ${signaturesFile} file; sign it, or configure no verification`)
  const { claims, keyId, algorithm } = await verifiedClaims(tokenIn(bytes), options)
  await verifyFiles(files, claims, options.excludeFiles ?? [])
  const { scope, iss, iat } = claims
  return {
    keyId,
    algorithm,
    ...(scope !== undefined && { scope }),
    ...(iss !== undefined && { issuer: iss }),
    ...(iat !== undefined && { issuedAt: iat }),
    files: claims.files.length,
  }
}

function tokenIn(bytes: Uint8Array): string {
  const { signatures = [], plugin } = readSignaturesFile(bytes)
  if (plugin !== undefined && plugin !== "" && plugin !== "_default")
    throw signatureProblem("signature_malformed", `${signaturesFile} is for the verifier '${plugin}', which there is not; sign with OPA's own format`)
  const [token] = signatures
  if (token !== undefined && signatures.length === 1) return token
  throw signatureProblem("signature_malformed", `${signaturesFile} has ${signatures.length} JWTs; it must have exactly one`)
}

interface VerifiedClaims {
  readonly claims: SignatureClaims
  readonly keyId: string
  readonly algorithm: string
}

async function verifiedClaims(token: string, { keys, keyId: configured, scope }: VerificationOptions): Promise<VerifiedClaims> {
  const keyId = configured ?? namedKey(token)
  const key = new Map(Object.entries(keys)).get(keyId)
  if (!key)
    throw signatureProblem(
      "key_unknown",
      `verification key corresponding to ID '${keyId}' not found; known are ${Object.keys(keys).join(", ") || "none"}`,
    )
  const keyObject = keyObjectOf(key)
  const { payload } = await compactVerify(token, keyObject, { algorithms: [key.algorithm] }).catch((cause) => {
    throw signatureProblem(
      "signature_invalid",
      `the bundle's signature is not that of key '${keyId}' with ${key.algorithm}: ${messageOf(cause)}`,
      cause,
    )
  })
  const claims = readSignatureClaims(payload)
  const expected = scope ?? key.scope ?? ""
  if ((claims.scope ?? "") === expected) return { claims, keyId, algorithm: key.algorithm }
  throw signatureProblem("scope_mismatch", `scope mismatch: the signature is for '${claims.scope ?? ""}', expected is '${expected}'`)
}

function keyObjectOf(key: VerificationKey): KeyObject {
  return "secret" in key ? createSecretKey(Buffer.from(key.secret)) : readPublicKey(key.publicKeyPem, key.algorithm).key
}

/** Which key the JWT says it is signed with; the payload's word is older. */
function namedKey(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token)
    const named = kid ?? readSignatureClaims(Buffer.from(token.split(".")[1] ?? "", "base64url")).keyid
    if (named !== undefined && named !== "") return named
  } catch (cause) {
    throw signatureProblem("signature_malformed", `${signaturesFile} holds no JWT: ${messageOf(cause)}`, cause)
  }
  throw signatureProblem("key_unknown", "verification key ID is empty: neither the configuration nor the signature names a key")
}

async function verifyFiles(
  files: ReadonlyMap<string, Uint8Array>,
  { files: listed }: SignatureClaims,
  excludeFiles: readonly string[],
): Promise<void> {
  const excluded = excludeFiles.map(globPattern)
  const isExcluded = (name: string): boolean => excluded.some((pattern) => pattern.test(name))
  let sinceTurn = 0
  const signed = new Map(listed.map((file) => [file.name, file]))
  for (const [name, bytes] of files) {
    if (name === signaturesFile || isExcluded(name)) continue
    const file = signed.get(name)
    if (!file) throw signatureProblem("file_not_signed", `file '${name}' not included in bundle signature`)
    verifyFile(name, bytes, file)
    sinceTurn += bytes.length
    if (sinceTurn < bytesPerTurn) continue
    sinceTurn = 0
    await nextTurn()
  }
  const missing = [...signed.keys()].filter((name) => !files.has(name) && !isExcluded(name))
  if (missing.length > 0)
    throw signatureProblem("file_missing", `file(s) ${missing.slice(0, 5).join(", ")} specified in bundle signatures but not found in the bundle`)
}

/** Others get a turn then: canonical JSON takes its time. */
const bytesPerTurn = 131_072

function verifyFile(name: string, bytes: Uint8Array, { hash: wanted, algorithm }: SignatureClaims["files"][number]): void {
  const known = hashAlgorithms.get(algorithm)
  if (known === undefined)
    throw signatureProblem("hash_algorithm_unknown", `unsupported hashing algorithm '${algorithm}' for file '${name}'; use SHA-256`)
  const expected = Buffer.from(wanted, "hex")
  const isEqual = (digest: string): boolean => digest.length === wanted.length && timingSafeEqual(Buffer.from(digest, "hex"), expected)
  // What is in canonical form already, as our own bundles are, need not be brought into it.
  if (isStructured(name) && /^[0-9a-f]+$/.test(wanted) && isEqual(hash(known, bytes, "hex"))) return
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(wanted) || !isEqual(fileHash(name, bytes, known)))
    throw signatureProblem("digest_mismatch", `${name}: digest mismatch; the file is not the one that was signed`)
}
