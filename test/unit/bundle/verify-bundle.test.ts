import { createHash, createPrivateKey, generateKeyPairSync } from "node:crypto"
import { CompactSign } from "jose"
import { beforeAll, describe, expect, it } from "vitest"
import { bundleSet, bundleSigner, generateSigningKey, readBundle, readPublicKey, verifyBundle, type SigningKey } from "../../../src/bundle/index.js"
import { globPattern } from "../../../src/bundle/glob-pattern.js"

let key: SigningKey
beforeAll(async () => {
  key = await generateSigningKey("ES256")
})

const now = (): number => 1_700_000_000_000
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
const contents = { "data.json": '{"a":1}', "p.rego": "package p" }
const listed = Object.entries(contents).map(([name, text]) => ({ name, hash: sha256(text), algorithm: "SHA-256" }))

const filesWith = (more: Readonly<Record<string, string>>, base: Readonly<Record<string, string>> = contents): Map<string, Uint8Array> =>
  new Map(Object.entries({ ...base, ...more }).map(([name, text]) => [name, Buffer.from(text)]))

const tokenOf = (claims: object, header: object = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "ES256", kid: key.keyId, ...header })
    .sign(createPrivateKey(key.privateKeyPem))

const signaturesOf = (...tokens: readonly string[]): string => JSON.stringify({ signatures: tokens })
const keysOf = (...keys: readonly SigningKey[]): { keys: Record<string, SigningKey> } => ({
  keys: Object.fromEntries(keys.map((one) => [one.keyId, one])),
})
const invalid = (reason: string): unknown => expect.objectContaining({ code: "ERR_BUNDLE_INVALID", reason })

describe("a signature", () => {
  it("of ours is good, and says who has signed what for whom, when", async () => {
    const signer = bundleSigner({ ...key, scope: "read", issuer: "portcullis", now })
    const { body } = await signer(listed)
    const files = filesWith({ ".signatures.json": Buffer.from(body).toString() })
    expect(await verifyBundle(files, { ...keysOf(key), scope: "read" })).toEqual({
      keyId: key.keyId,
      algorithm: "ES256",
      scope: "read",
      issuer: "portcullis",
      issuedAt: 1_700_000_000,
      files: 2,
    })
  })

  it("is made once for what a bundle holds, and differs in another process", async () => {
    const content = { revision: "00000000.1", profile: "hardened" as const, authzData: {}, bindings: [] }
    const origin = { snapshot: () => content, revision: () => content.revision }
    const [one, other] = [bundleSet(origin, { signer: bundleSigner(key) }), bundleSet(origin, { signer: bundleSigner(key) })]
    const first = await one.current("authz")
    expect(await one.current("authz")).toBe(first)
    expect((await other.current("authz")).etag).not.toBe(first.etag)
    expect(await readBundle(first.bytes, { verification: keysOf(key) })).toMatchObject({ verified: { keyId: key.keyId } })
  })

  it.each<readonly [string, () => Promise<Map<string, Uint8Array>>, string]>([
    ["absent", async () => filesWith({}), "signature_missing"],
    ["no JSON", async () => filesWith({ ".signatures.json": "{" }), "signature_malformed"],
    ["of no JWT", async () => filesWith({ ".signatures.json": "{}" }), "signature_malformed"],
    [
      "of two JWTs",
      async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed }), await tokenOf({ files: listed })) }),
      "signature_malformed",
    ],
    ["something else", async () => filesWith({ ".signatures.json": signaturesOf("abc") }), "signature_malformed"],
    [
      "for a verifier of somebody's own",
      async () => filesWith({ ".signatures.json": '{"signatures":["a.b.c"],"plugin":"mine"}' }),
      "signature_malformed",
    ],
    ["by an unknown key", async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed }, { kid: "x" })) }), "key_unknown"],
    [
      "by a key with the name of a member of all objects",
      async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed }, { kid: "__proto__" })) }),
      "key_unknown",
    ],
    ["by nobody", async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed }, { kid: "" })) }), "key_unknown"],
    ["changed", async () => filesWith({ ".signatures.json": signaturesOf(changed(await tokenOf({ files: listed }))) }), "signature_invalid"],
    ["of algorithm none", async () => filesWith({ ".signatures.json": signaturesOf(unsigned({ files: listed })) }), "signature_invalid"],
    ["of other claims", async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: "all" })) }), "signature_malformed"],
    ["for a scope", async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed, scope: "read" })) }), "scope_mismatch"],
    ["for fewer files", async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed.slice(1) })) }), "file_not_signed"],
    [
      "for more files",
      async () =>
        filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: [...listed, { name: "x", hash: "00", algorithm: "SHA-256" }] })) }),
      "file_missing",
    ],
    [
      "for other contents",
      async () => filesWith({ "p.rego": "package q", ".signatures.json": signaturesOf(await tokenOf({ files: listed })) }),
      "digest_mismatch",
    ],
    [
      "with a hash that is none",
      async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed.map((file) => ({ ...file, hash: "zz" })) })) }),
      "digest_mismatch",
    ],
    [
      "with an unknown hash",
      async () => filesWith({ ".signatures.json": signaturesOf(await tokenOf({ files: listed.map((file) => ({ ...file, algorithm: "CRC" })) })) }),
      "hash_algorithm_unknown",
    ],
  ])("that is %s is refused", async (_, files, reason) => {
    await expect(verifyBundle(await files(), keysOf(key))).rejects.toEqual(invalid(reason))
  })

  it.each(["MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA-512-224", "SHA-512-256"])(
    "may hash with %s, and name its key in the payload",
    async (algorithm) => {
      const node = algorithm.toLowerCase().replace(/^sha-(\d)/, "sha$1")
      const files = Object.entries(contents).map(([name, text]) => ({
        name,
        hash: createHash(node).update(text).digest("hex").toUpperCase(),
        algorithm,
      }))
      const token = await tokenOf({ files, keyid: key.keyId }, { kid: undefined })
      expect(await verifyBundle(filesWith({ "data.json": '{ "a" : 1 }', ".signatures.json": signaturesOf(token) }), keysOf(key))).toMatchObject({
        files: 2,
      })
    },
  )

  it("by a configured key need not name it; the scope of the key counts where none is asked for", async () => {
    const token = await tokenOf({ files: listed, scope: "read" }, { kid: "whatever" })
    const files = filesWith({ ".signatures.json": signaturesOf(token) })
    const keys = { mine: { ...key, scope: "read" } }
    expect(await verifyBundle(files, { keys, keyId: "mine" })).toMatchObject({ keyId: "mine" })
    await expect(verifyBundle(files, { keys, keyId: "mine", scope: "write" })).rejects.toEqual(invalid("scope_mismatch"))
  })

  it("does not count for files that are excluded", async () => {
    const token = await tokenOf({ files: [...listed, { name: "x.md", hash: "00", algorithm: "SHA-256" }] })
    const files = filesWith({ "notes.md": "new", ".signatures.json": signaturesOf(token) })
    expect(await verifyBundle(files, { ...keysOf(key), excludeFiles: ["*.md"] })).toMatchObject({ files: 3 })
    await expect(verifyBundle(files, { ...keysOf(key), excludeFiles: ["notes.*"] })).rejects.toEqual(invalid("file_missing"))
  })

  it("with a shared secret is verified, too", async () => {
    const secret = "a shared secret that is long enough for it"
    const token = await new CompactSign(Buffer.from(JSON.stringify({ files: listed }))).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(secret))
    const files = filesWith({ ".signatures.json": signaturesOf(token) })
    expect(await verifyBundle(files, { keys: { k: { algorithm: "HS256", secret } }, keyId: "k" })).toMatchObject({ algorithm: "HS256" })
    await expect(verifyBundle(files, { keys: { k: key }, keyId: "k" })).rejects.toEqual(invalid("signature_invalid"))
  })
})

describe("a bundle", () => {
  const content = { revision: "00000000.1", profile: "hardened" as const, authzData: {}, bindings: [] }
  const origin = { snapshot: () => content, revision: () => content.revision }

  it("that is signed is refused where no key is configured, and read where nobody asks", async () => {
    const { bytes } = await bundleSet(origin, { signer: bundleSigner(key) }).current("authz-policy")
    await expect(readBundle(bytes)).rejects.toEqual(invalid("verification_key_missing"))
    expect((await readBundle(bytes, { verification: "ignored" })).signatures?.signatures).toHaveLength(1)
  })

  it("that is a delta is refused where signatures are verified: OPA does not sign it", async () => {
    const { bytes } = await bundleSet(origin).current("authz")
    await expect(readBundle(bytes, { verification: keysOf(key) })).rejects.toEqual(invalid("signature_missing"))
  })
})

describe("keys", () => {
  it("are not taken for what they are not for, and never shown", async () => {
    const ed25519 = generateKeyPairSync("ed25519")
    const small = generateKeyPairSync("rsa", { modulusLength: 1_024 })
    const wrong = [
      () => bundleSigner({ privateKeyPem: ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString() }),
      () => bundleSigner({ privateKeyPem: small.privateKey.export({ type: "pkcs8", format: "pem" }).toString() }),
      () => bundleSigner({ ...key, algorithm: "RS256" }),
      () => bundleSigner({ ...key, algorithm: "ES384" }),
      () => bundleSigner({ privateKeyPem: "secret-but-no-key" }),
      () => readPublicKey(key.privateKeyPem),
      () => readPublicKey("no key"),
    ]
    for (const make of wrong)
      expect(make).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.not.stringMatching(/secret-but|MIG/) }))
  })

  it("have an id of their own", async () => {
    expect(readPublicKey(key.publicKeyPem)).toMatchObject({ keyId: key.keyId, algorithm: "ES256" })
    expect((await generateSigningKey("ES256")).keyId).not.toBe(key.keyId)
  })
})

describe("a pattern for files", () => {
  it.each([
    ["*.md", "a.md", true],
    ["*.md", "a/b.md", false],
    ["a/*/c", "a/b/c", true],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["a.c", "abc", false],
    ["\\*", "*", true],
    ["(a|b)+", "(a|b)+", true],
  ])("%s and %s", (pattern, name, matches) => {
    expect(globPattern(pattern).test(name)).toBe(matches)
  })

  it("that does not end is refused", () => {
    expect(() => globPattern("[a")).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})

function changed(token: string): string {
  const [header = "", , signature = ""] = token.split(".")
  return [header, Buffer.from(JSON.stringify({ files: [] })).toString("base64url"), signature].join(".")
}

function unsigned(claims: object): string {
  const [header, payload] = [{ alg: "none", kid: key.keyId }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  return `${header}.${payload}.`
}
