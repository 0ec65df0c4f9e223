import { createHmac, createPublicKey, KeyObject, sign } from "node:crypto"
import { CompactEncrypt, UnsecuredJWT } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { authentication, type Authentication } from "../../../src/authn/index.js"
import { keysPath, metadataPath, signed, startTestIssuer, testKey } from "../../fixtures/test-issuer.js"

const now = 1_800_000_000
const rsa = await testKey("RS256", "rsa")
const ec = await testKey("ES256", "ec")
const stranger = await testKey("RS256", "rsa")
const encrypting = await testKey("RS256", "enc")
const anyRsa = await testKey("RS512", "any-rsa")
const others = await Promise.all(["PS384", "ES384", "ES512", "EdDSA"].map((algorithm) => testKey(algorithm, algorithm)))
const { alg: _, ...withoutAlgorithm } = anyRsa.jwk
const published = [rsa.jwk, ec.jwk, { ...encrypting.jwk, use: "enc" }, withoutAlgorithm, ...others.map(({ jwk }) => jwk)]
const server = await startTestIssuer(published)
const { issuer } = server
let sut: Authentication

beforeAll(() => {
  sut = authentication({
    issuers: [{ issuer, audience: "portcullis", clientId: "portcullis-cli" }],
    hooks: { now: () => now * 1_000 },
    jwksCooldownSeconds: 3_600,
  })
})
afterAll(() => server.stop())

const good = { iss: issuer, aud: "portcullis", sub: "u-1", iat: now, exp: now + 300 }
const goodText = JSON.stringify(good)
const goodHeader = { alg: "RS256", kid: "rsa", typ: "at+jwt" }

function claiming(claims: Readonly<Record<string, unknown>>, header = {}): Promise<string> {
  return signed(rsa, { ...good, ...claims }, header)
}

function encoded(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
}

/** Texts that JSON.stringify would not write, with a signature that is good. */
function signedText(header: unknown, claims: unknown): string {
  const input = `${encoded(header)}.${encoded(claims)}`
  return `${input}.${sign("sha256", Buffer.from(input), KeyObject.from(rsa.privateKey)).toString("base64url")}`
}

function withHeader(header: Readonly<Record<string, unknown>>): string {
  return signedText({ ...goodHeader, ...header }, good)
}

function hmac(algorithm: string, secret: string, header = {}): string {
  const input = `${encoded({ ...goodHeader, alg: algorithm, ...header })}.${encoded(good)}`
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`
}

const publicPem = createPublicKey({ key: { ...rsa.jwk }, format: "jwk" })
  .export({ type: "spki", format: "pem" })
  .toString()

function ask(token: string) {
  return sut.authenticate({ rawHeaders: ["Authorization", `Bearer ${token}`], trust: "none" })
}

type Making = () => string | Promise<string>

describe("a signed token", () => {
  it.each<[string, Making]>([
    ["as it should be", () => claiming({})],
    ["with its audience in a list", () => claiming({ aud: ["other", "portcullis"] })],
    ["with exp a fraction", () => claiming({ exp: now + 0.5 })],
    ["expired within the leeway", () => claiming({ exp: now - 59 })],
    ["issued in the future within the leeway", () => claiming({ iat: now + 59 })],
    ["with iat a fraction", () => claiming({ iat: now - 0.25 })],
    ["with nbf in the past", () => claiming({ nbf: now - 5 })],
    ["without typ", () => claiming({}, { typ: undefined })],
    ["of typ JWT", () => claiming({}, { typ: "JWT" })],
    ["of typ jwt", () => claiming({}, { typ: "jwt" })],
    ["of typ AT+JWT", () => claiming({}, { typ: "AT+JWT" })],
    ["of typ application/at+jwt", () => claiming({}, { typ: "application/at+jwt" })],
    ["without kid", () => claiming({}, { kid: undefined })],
    ["with b64 true", () => withHeader({ b64: true })],
    ["with a jku that nobody asks", () => claiming({}, { jku: `${issuer}/evil`, x5u: `${issuer}/evil` })],
    ["with ES256", () => signed(ec, good)],
    ["with PS384", () => signed(others[0] ?? rsa, good)],
    ["with ES384", () => signed(others[1] ?? rsa, good)],
    ["with ES512", () => signed(others[2] ?? rsa, good)],
    ["with EdDSA", () => signed(others[3] ?? rsa, good)],
    ["with RS512 by a key for any algorithm", () => signed(anyRsa, good)],
    ["with __proto__ among its claims", () => signedText(goodHeader, goodText.replace("{", '{"__proto__":{"sub":"root"},'))],
    ["with an unknown header member", () => withHeader({ constructor: "x", extra: { a: 1 } })],
    ["with groups as an object", () => claiming({ groups: { admin: true } })],
  ])("%s is verified", async (_name, make) => {
    const claims = { principal: { kind: "person", id: "u-1", scopes: [] }, proof: "verified_token", dropped: [] }
    expect(await ask(await make())).toEqual(claims)
    expect(server.requests("/evil")).toBe(0)
  })

  it.each<[string, Making, string]>([
    ["without parts", () => "opaque", "token_malformed"],
    ["of one dot", () => `${encoded(goodHeader)}.${encoded(good)}`, "token_malformed"],
    ["of four parts", async () => `${await claiming({})}.x`, "token_malformed"],
    ["of six parts", async () => `${await claiming({})}.a.b.c`, "token_malformed"],
    ["of dots alone", () => "..", "token_malformed"],
    ["that is encrypted", encrypted, "token_malformed"],
    ["of 64 KiB", () => claiming({ filler: "x".repeat(64 * 1024) }), "token_malformed"],
    ["with a kid of 1 MB", () => claiming({}, { kid: "k".repeat(1_000_000) }), "token_malformed"],
    ["with an empty header", async () => `.${encoded(good)}.sig`, "token_malformed"],
    ["with empty claims", async () => `${encoded(goodHeader)}..sig`, "token_malformed"],
    ["with characters outside base64url", async () => (await claiming({})).replace(/.$/, "="), "token_malformed"],
    ["with + in its claims", () => `${encoded(goodHeader)}.a+b/.sig`, "token_malformed"],
    ["whose header is a list", () => signedText([goodHeader], good), "token_malformed"],
    ["whose header is null", () => signedText("null", good), "token_malformed"],
    ["whose header is no JSON", () => signedText("{alg:RS256}", good), "token_malformed"],
    ["whose claims are a list", () => signedText(goodHeader, [good]), "token_malformed"],
    ["whose claims are a text", () => signedText(goodHeader, '"sub"'), "token_malformed"],
    ["whose claims are another token", async () => signedText({ ...goodHeader, cty: "JWT" }, await claiming({})), "token_malformed"],
    ["whose claims begin with a byte order mark", () => signedText(goodHeader, `\uFEFF${goodText}`), "token_malformed"],
    ["with invalid UTF-8", () => `${encoded(goodHeader)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.sig`, "token_malformed"],
    ["with a lone surrogate", () => signedText(goodHeader, goodText.replace("u-1", "\\ud800")), "token_malformed"],
    ["with sub twice", () => signedText(goodHeader, goodText.replace("{", '{"sub":"root",')), "token_malformed"],
    ["with sub twice, once escaped", () => signedText(goodHeader, goodText.replace("{", '{"s\\u0075b":"root",')), "token_malformed"],
    ["with alg twice", () => signedText(`{"alg":"none","alg":"RS256","kid":"rsa"}`, good), "token_malformed"],
    ["nested 100 deep", () => signedText(goodHeader, goodText.replace("{", `{"a":${"[".repeat(100)}${"]".repeat(100)},`)), "token_malformed"],
    ["with crit", () => withHeader({ crit: ["exp"], exp: now + 300 }), "token_malformed"],
    ["with an empty crit", () => withHeader({ crit: [] }), "token_malformed"],
    ["with crit and b64 false", () => withHeader({ crit: ["b64"], b64: false }), "token_malformed"],
    ["with b64 false alone", () => withHeader({ b64: false }), "token_malformed"],
    ["without alg", () => withHeader({ alg: undefined }), "token_malformed"],
    ["with alg null", () => withHeader({ alg: null }), "token_malformed"],
    ["with alg a number", () => withHeader({ alg: 256 }), "token_malformed"],
    ["with alg a list", () => withHeader({ alg: ["RS256"] }), "token_malformed"],
    ["with alg empty", () => withHeader({ alg: "" }), "token_malformed"],
    ["with kid a number", () => withHeader({ kid: 5 }), "token_malformed"],
    ["with kid an object", () => withHeader({ kid: { toString: "rsa" } }), "token_malformed"],
    ["with typ a list", () => withHeader({ typ: ["JWT"] }), "token_malformed"],

    ["with alg none", () => new UnsecuredJWT(good).encode(), "unsigned_rejected"],
    ["with alg none and a signature", () => withHeader({ alg: "none" }), "unsigned_rejected"],
    ["with alg None", () => withHeader({ alg: "None" }), "algorithm_rejected"],
    ["with alg NONE", () => withHeader({ alg: "NONE" }), "algorithm_rejected"],
    ["with alg nOnE and no signature", () => `${encoded({ alg: "nOnE" })}.${encoded(good)}.`, "algorithm_rejected"],
    ["with alg ' none'", () => withHeader({ alg: " none" }), "algorithm_rejected"],
    ["with alg 'RS256 '", () => withHeader({ alg: "RS256 " }), "algorithm_rejected"],
    ["with alg rs256", () => withHeader({ alg: "rs256" }), "algorithm_rejected"],
    ["with alg RS1", () => withHeader({ alg: "RS1" }), "algorithm_rejected"],
    ["with alg ES256K", () => withHeader({ alg: "ES256K" }), "algorithm_rejected"],
    ["with alg ML-DSA-44", () => withHeader({ alg: "ML-DSA-44" }), "algorithm_rejected"],
    ["with alg __proto__", () => withHeader({ alg: "__proto__" }), "algorithm_rejected"],
    ["with alg constructor", () => withHeader({ alg: "constructor" }), "algorithm_rejected"],
    ["with HS256 and an empty key", () => hmac("HS256", "\0"), "algorithm_rejected"],
    ["with HS256 and the public key", () => hmac("HS256", publicPem), "algorithm_rejected"],
    ["with HS256 and the public key behind white space", () => hmac("HS256", `\n ${publicPem}`), "algorithm_rejected"],
    ["with HS512 and the public key", () => hmac("HS512", publicPem), "algorithm_rejected"],
    ["of another algorithm than its key: PS256", () => withHeader({ alg: "PS256" }), "algorithm_rejected"],
    ["of another algorithm than its key: ES256", () => withHeader({ alg: "ES256" }), "algorithm_rejected"],

    ["of another issuer", () => claiming({ iss: "https://evil.example" }), "issuer_mismatch"],
    ["of the issuer with a slash", () => claiming({ iss: `${issuer}/` }), "issuer_mismatch"],
    ["of the issuer in capitals", () => claiming({ iss: issuer.toUpperCase() }), "issuer_mismatch"],
    ["of the issuer with a space", () => claiming({ iss: ` ${issuer}` }), "issuer_mismatch"],
    ["of the issuer in a list", () => claiming({ iss: [issuer] }), "issuer_mismatch"],
    ["without iss", () => claiming({ iss: undefined }), "issuer_mismatch"],
    ["of the issuer __proto__", () => claiming({ iss: "__proto__" }), "issuer_mismatch"],

    ["with an unknown kid", () => claiming({}, { kid: "new" }), "unknown_key"],
    ["with an empty kid", () => claiming({}, { kid: "" }), "unknown_key"],
    ["with a path as kid", () => claiming({}, { kid: "../../../dev/null" }), "unknown_key"],
    ["with a URL as kid", () => claiming({}, { kid: `${issuer}${keysPath}` }), "unknown_key"],
    ["with SQL as kid", () => claiming({}, { kid: "rsa' OR '1'='1" }), "unknown_key"],
    ["with kid __proto__", () => claiming({}, { kid: "__proto__" }), "unknown_key"],
    ["of a stranger's kid, with jku", () => signed(stranger, good, { kid: "evil", jku: `${issuer}/evil`, x5u: `${issuer}/evil` }), "unknown_key"],
    ["of a key for encryption", () => signed(encrypting, good), "unknown_key"],

    ["of a stranger under a known kid", () => signed(stranger, good), "signature_invalid"],
    ["of a stranger without kid", () => signed(stranger, good, { kid: undefined }), "signature_invalid"],
    ["of a stranger with his key in jwk", () => signed(stranger, good, { jwk: stranger.jwk }), "signature_invalid"],
    ["of a stranger with jku", () => signed(stranger, good, { jku: `${issuer}/evil` }), "signature_invalid"],
    ["of a stranger with x5u", () => signed(stranger, good, { x5u: `${issuer}/evil` }), "signature_invalid"],
    ["of a stranger with x5c", () => signed(stranger, good, { x5c: ["MIIB"] }), "signature_invalid"],
    ["with no signature", async () => (await claiming({})).replace(/[^.]*$/, ""), "signature_invalid"],
    ["with a signature of one character", async () => (await claiming({})).replace(/[^.]*$/, "A"), "signature_invalid"],
    ["with other claims", async () => (await claiming({})).replace(/\.[^.]*\./, `.${encoded({ ...good, sub: "root" })}.`), "signature_invalid"],
    ["with ES256 of zeros", () => `${encoded({ alg: "ES256", kid: "ec" })}.${encoded(good)}.${"A".repeat(86)}`, "signature_invalid"],

    ["without exp", () => claiming({ exp: undefined }), "token_malformed"],
    ["with exp null", () => claiming({ exp: null }), "token_malformed"],
    ["with exp a text", () => claiming({ exp: String(now + 300) }), "token_malformed"],
    ["with exp 1e400", () => signedText(goodHeader, goodText.replace(`"exp":${now + 300}`, '"exp":1e400')), "token_malformed"],
    ["with exp 1e308", () => signedText(goodHeader, goodText.replace(`"exp":${now + 300}`, '"exp":1e308')), "token_malformed"],
    ["with exp in milliseconds", () => claiming({ exp: (now + 300) * 1_000 }), "token_malformed"],
    ["without iat", () => claiming({ iat: undefined }), "token_malformed"],
    ["with iat a text", () => claiming({ iat: "now" }), "token_malformed"],
    ["with nbf a text", () => claiming({ nbf: "soon" }), "token_malformed"],
    ["without sub", () => claiming({ sub: undefined }), "token_malformed"],
    ["expired", () => claiming({ exp: now - 61 }), "token_expired"],
    ["expired by a fraction", () => claiming({ exp: now - 60.5 }), "token_expired"],
    ["expired exactly now", () => claiming({ exp: now - 60 }), "token_expired"],
    ["with exp before 1970", () => claiming({ exp: -5 }), "token_expired"],
    ["expired and for another audience", () => claiming({ exp: now - 61, aud: "x" }), "token_expired"],
    ["with nbf in the future", () => claiming({ nbf: now + 61 }), "token_not_yet_valid"],
    ["issued in the future", () => claiming({ iat: now + 61 }), "token_not_yet_valid"],

    ["without aud", () => claiming({ aud: undefined }), "audience_mismatch"],
    ["for another audience", () => claiming({ aud: "other" }), "audience_mismatch"],
    ["for the client, while an audience is set", () => claiming({ aud: "portcullis-cli" }), "audience_mismatch"],
    ["for an audience that begins alike", () => claiming({ aud: "portcullis2" }), "audience_mismatch"],
    ["with an empty list of audiences", () => claiming({ aud: [] }), "audience_mismatch"],
    ["with an audience inside an inner list", () => claiming({ aud: [["portcullis"]] }), "audience_mismatch"],
    ["with aud an object", () => claiming({ aud: { portcullis: true } }), "audience_mismatch"],

    ["with a nonce", () => claiming({ nonce: "n" }), "id_token_rejected"],
    ["with at_hash", () => claiming({ at_hash: "h" }), "id_token_rejected"],
    ["of typ ID", () => claiming({}, { typ: "ID" }), "id_token_rejected"],
    ["of typ logout+jwt", () => claiming({}, { typ: "logout+jwt" }), "id_token_rejected"],
    ["of typ empty", () => claiming({}, { typ: "" }), "id_token_rejected"],
    ["with a nonce and sub service:api", () => claiming({ nonce: "n", sub: "service:api" }), "id_token_rejected"],

    ["with sub service:api", () => claiming({ sub: "service:api" }), "subject_reserved"],
    ["with sub group:ops", () => claiming({ sub: "group:ops" }), "subject_reserved"],
    ["with sub system:x", () => claiming({ sub: "system:x" }), "subject_reserved"],
    ["with sub *", () => claiming({ sub: "*" }), "subject_reserved"],
    ["with sub empty", () => claiming({ sub: "" }), "token_malformed"],
    ["with sub a number", () => claiming({ sub: 5 }), "token_malformed"],
    ["with sub a list", () => claiming({ sub: ["u-1"] }), "token_malformed"],
    ["with sub a line break", () => claiming({ sub: "u-1\n" }), "token_malformed"],
    ["with sub of 257 characters", () => claiming({ sub: "u".repeat(257) }), "token_malformed"],
  ])("%s is refused", async (_name, make, reason) => {
    const token = await make()
    const refusal = ask(token)
    await expect(refusal).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason })
    await expect(refusal).rejects.not.toMatchObject({ message: expect.stringMatching(/evil|u-1|root|portcullis-cli|eyJ/) })
    await expect(refusal).rejects.not.toHaveProperty("cause")
  })

  it("costs the issuer one request for its keys, whatever it says", async () => {
    await ask(await claiming({}))
    expect([server.requests(metadataPath), server.requests(keysPath), server.requests("/evil")]).toEqual([1, 1, 0])
  })
})

function encrypted(): Promise<string> {
  return new CompactEncrypt(Buffer.from(goodText)).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(new Uint8Array(32))
}
