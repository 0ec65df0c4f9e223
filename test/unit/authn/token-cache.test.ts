import { afterAll, describe, expect, it, vi } from "vitest"
import { authentication, type Authentication, type AuthenticationOptions } from "../../../src/authn/index.js"
import { signed, startTestIssuer, testKey } from "../../fixtures/test-issuer.js"

const first = await testKey("ES256", "first")
const second = await testKey("ES256", "second")
const server = await startTestIssuer([first.jwk, second.jwk])
const verify = vi.spyOn(crypto.subtle, "verify")
let seconds = 1_800_000_000

afterAll(async () => {
  verify.mockRestore()
  await server.stop()
})

function start(options: AuthenticationOptions = {}): Authentication {
  return authentication({ issuers: [{ issuer: server.issuer, audience: "api" }], hooks: { now: () => seconds * 1_000 }, ...options })
}

function token(id: string, claims = {}, key = first): Promise<string> {
  return signed(key, { iss: server.issuer, aud: "api", sub: id, iat: seconds, exp: seconds + 100, ...claims })
}

function send({ authenticate }: Authentication, text: string) {
  return authenticate({ rawHeaders: ["Authorization", `Bearer ${text}`], trust: "none" })
}

/** How many signatures were verified meanwhile. */
async function verifications(work: () => Promise<unknown>): Promise<number> {
  const before = verify.mock.calls.length
  await work()
  return verify.mock.calls.length - before
}

describe("a verified token", () => {
  it("is verified once, and names the same caller again", async () => {
    const sut = start()
    const text = await token("ann")
    const caller = await send(sut, text)
    expect(await verifications(async () => expect(await send(sut, text)).toBe(caller))).toBe(0)
  })

  it("names a caller that nobody can change", async () => {
    const { principal, dropped } = await send(start(), await token("ann", { groups: ["ops"], email: "*" }))
    for (const part of [principal, principal.groups, principal.scopes, dropped]) expect(Object.isFrozen(part)).toBe(true)
  })

  it("is another one as soon as one character differs", async () => {
    const sut = start()
    const text = await token("ann")
    await send(sut, text)
    await expect(send(sut, text.replace(/\.[^.]*$/, ".AAAA"))).rejects.toMatchObject({ reason: "signature_invalid" })
  })

  it("is not remembered beyond its expiry and the leeway", async () => {
    const sut = start({ leewaySeconds: 10 })
    const text = await token("ann")
    await send(sut, text)
    seconds += 109
    expect(await verifications(() => send(sut, text))).toBe(0)
    seconds += 1
    await expect(send(sut, text)).rejects.toMatchObject({ reason: "token_expired" })
  })

  it("makes room when there are too many, the oldest first", async () => {
    const sut = start({ tokenCacheEntries: 2 })
    const [ann = "", ben = "", eve = ""] = await Promise.all(["ann", "ben", "eve"].map((id) => token(id)))
    expect(
      await verifications(async () => {
        for (const text of [ann, ben, eve]) await send(sut, text)
      }),
    ).toBe(3)
    expect(await verifications(() => Promise.all([send(sut, ben), send(sut, eve)]))).toBe(0)
    expect(await verifications(() => send(sut, ann))).toBe(1)
    expect(await verifications(() => send(sut, ben))).toBe(1)
  })

  it("is not remembered where 0 entries are configured", async () => {
    const sut = start({ tokenCacheEntries: 0 })
    const text = await token("ann")
    await send(sut, text)
    expect(await verifications(() => send(sut, text))).toBe(1)
  })

  it("that is refused is not remembered", async () => {
    const sut = start()
    const text = await token("ann", { aud: "other" })
    await expect(send(sut, text)).rejects.toMatchObject({ reason: "audience_mismatch" })
    expect(await verifications(() => Promise.allSettled([send(sut, text)]))).toBe(1)
  })

  it("is verified anew when the keys of its issuer changed, and refused when its own is gone", async () => {
    const sut = start()
    const [ann, ben] = [await token("ann"), await token("ben", {}, second)]
    await send(sut, ann)
    await send(sut, ben)
    server.publish([second.jwk])
    seconds += 5
    await expect(send(sut, await token("eve", {}, await testKey("ES256", "unknown")))).rejects.toMatchObject({ reason: "unknown_key" })
    await expect(send(sut, ann)).rejects.toMatchObject({ reason: "unknown_key" })
    expect(await verifications(() => send(sut, ben))).toBe(1)
    expect(await verifications(() => send(sut, ben))).toBe(0)
    server.publish([first.jwk, second.jwk])
  })
})
