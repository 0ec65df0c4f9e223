import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { providerMetadata, type IssuerProblem, type ProviderMetadataOptions } from "../../../src/authn/index.js"
import { json, metadataPath, startTestIssuer, text, type TestIssuer } from "../../fixtures/test-issuer.js"

const unavailable = { code: "ERR_IDP_UNAVAILABLE", reason: "idp_unavailable" }
let server: TestIssuer
let seconds = 1_800_000_000

beforeEach(async () => {
  server = await startTestIssuer()
})
afterEach(() => server.stop())

function start(options: Partial<ProviderMetadataOptions> = {}) {
  const problems: IssuerProblem[] = []
  const onProblem = (problem: IssuerProblem) => void problems.push(problem)
  return { ...providerMetadata({ issuer: server.issuer, onProblem, hooks: { now: () => seconds * 1_000 }, ...options }), problems }
}

const requests = (): number => server.requests(metadataPath)

describe("a discovery document", () => {
  it("is asked for once by all who read it, and again when it is old", async () => {
    const { read } = start({ cacheSeconds: 100 })
    const documents = await Promise.all([read(), read(), read()])
    expect(documents[0]).toEqual({ issuer: server.issuer, jwks_uri: `${server.issuer}/keys` })
    seconds += 99
    await read()
    expect(requests()).toBe(1)
    seconds += 1
    await read()
    expect(requests()).toBe(2)
    await read(0)
    expect(requests()).toBe(3)
  })

  it("is asked for at each read with a cache of 0 seconds", async () => {
    const { read } = start({ cacheSeconds: 0 })
    await read()
    await read()
    expect(requests()).toBe(2)
  })

  it("keeps of it what is used here", async () => {
    const endpoints = Object.fromEntries(
      ["authorization", "token", "device_authorization", "userinfo"].map((name) => [`${name}_endpoint`, `https://idp.example/${name}`]),
    )
    server.answer(metadataPath, json({ issuer: server.issuer, ...endpoints, claims_supported: ["sub"] }))
    expect(await start().read()).toEqual({ issuer: server.issuer, ...endpoints })
  })

  it("is that of an issuer with a path, written with or without a slash at its end", async () => {
    const issuer = `${server.issuer}/realms/a/`
    server.answer(`/realms/a${metadataPath}`, json({ issuer }))
    expect(await start({ issuer }).read()).toEqual({ issuer })
    await expect(start({ issuer: `${server.issuer}/realms/a` }).read()).rejects.toMatchObject(unavailable)
  })

  it("serves on while no new one can be had, and the issuer is not asked all the time", async () => {
    const { read, problems } = start({ cacheSeconds: 100, cooldownSeconds: 5 })
    await read()
    server.answer(metadataPath, text("down", 500))
    seconds += 100
    for (const wait of [0, 1, 3.9]) {
      seconds += wait
      expect(await read()).toMatchObject({ issuer: server.issuer })
    }
    expect([requests(), problems.length]).toEqual([2, 1])
    seconds += 1
    await read()
    expect(requests()).toBe(3)
  })

  it("that was never there is an error, which says why", async () => {
    server.answer(metadataPath, text("down", 500))
    const { read, problems } = start()
    for (let at = 0; at < 2; at++) await expect(read()).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining("500") })
    expect(requests()).toBe(1)
    expect(problems).toMatchObject([{ issuer: server.issuer, error: unavailable }])
  })

  it("of another issuer is none, and the error names both", async () => {
    server.answer(metadataPath, json({ issuer: "https://other.example" }))
    const refusal = start().read()
    await expect(refusal).rejects.toMatchObject({ message: expect.stringContaining("https://other.example") })
    await expect(refusal).rejects.toMatchObject({ message: expect.stringContaining(server.issuer) })
  })
})
