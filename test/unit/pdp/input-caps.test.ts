import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPdp, memorySource, type Pdp } from "../../../src/index.js"

const models = "/apis/models/v2/workspaces/ml-team/models"
const ann = { id: "ann@example.com" }
const many = (count: number, text: string): string[] => Array.from({ length: count }, () => text)

let pdp: Pdp
beforeAll(async () => {
  pdp = await createPdp({
    authorizationData: "examples/quickstart/authorization.yaml",
    source: memorySource([{ principal: "ann@example.com", workspace: "ml-team", role: "Viewer" }]),
  })
})
afterAll(() => pdp.close())

const invalid = expect.objectContaining({ code: "ERR_INPUT_INVALID" })

describe("what is too large to be a question", () => {
  it.each<[string, () => unknown]>([
    ["8,193 characters of a path", () => pdp.authorize({ principal: ann, method: "GET", path: `/${"a".repeat(8_192)}` })],
    ["257 segments", () => pdp.authorize({ principal: ann, method: "GET", path: "/a".repeat(257) })],
    [
      "257 segments of one request among many",
      () => pdp.authorizeMany(many(2, "/a".repeat(257)).map((path) => ({ principal: ann, method: "GET", path }))),
    ],
    ["257 segments to explain", () => pdp.explain({ principal: ann, method: "GET", path: "/".repeat(257) })],
    ["8,193 characters of an id", () => pdp.authorize({ principal: { id: "a".repeat(8_193) }, method: "GET", path: models })],
    ["257 scopes", () => pdp.authorize({ principal: { ...ann, scopes: many(257, "a") }, method: "GET", path: models })],
    ["257 permissions", () => pdp.hasPermissions({ principal: ann, workspace: "ml-team", permissions: many(257, "models.read") })],
    ["8,193 characters of a role", () => pdp.hasRole({ principal: ann, workspace: "ml-team", role: "a".repeat(8_193) })],
    ["1 MB of escapes, raw", () => pdp.evaluate("authz/allow", { path: `${models}/-/${"%20".repeat(340_000)}` })],
    ["500,000 segments, raw", () => pdp.evaluate("authz/explain", { path: "/a".repeat(500_000) })],
    ["the same in Envoy's shape", () => pdp.evaluate("authz/allow", { attributes: { request: { http: { path: "/a".repeat(500_000) } } } })],
    ["50,000 permissions, raw", () => pdp.evaluate("authz/has_permissions", { workspace: "ml-team", permissions: many(50_000, "models.read") })],
  ])("is refused: %s", (_, ask) => {
    expect(ask).toThrow(invalid)
    expect(pdp.authorize({ principal: ann, method: "GET", path: models }).allowed).toBe(true)
  })

  it("is not what just fits", () => {
    expect(pdp.authorize({ principal: { ...ann, scopes: many(256, "models:read") }, method: "GET", path: models }).allowed).toBe(true)
    expect(pdp.authorize({ principal: ann, method: "GET", path: "/a".repeat(256) }).allowed).toBe(false)
    expect(pdp.hasPermissions({ principal: ann, workspace: "ml-team", permissions: many(256, "models.read") }).allowed).toBe(true)
    expect(pdp.authorize({ principal: ann, method: "GET", path: `${models}?q=${"/".repeat(8_000)}` }).allowed).toBe(true)
  })
})

describe("waiting for a revision", () => {
  it.each([3e9, 2 ** 31, Number.NaN, -1, Infinity])("refuses a timeout of %d ms, which no timer can count", async (timeoutMs) => {
    const [epoch] = pdp.revision().split(".")
    await expect(pdp.atLeast(`${epoch}.999999`, { timeoutMs })).rejects.toThrow(invalid)
  })

  it("takes the longest there is, and none", async () => {
    const [epoch] = pdp.revision().split(".")
    const gone = new AbortController()
    const longest = pdp.atLeast(`${epoch}.999999`, { timeoutMs: 2 ** 31 - 1, signal: gone.signal })
    gone.abort()
    await expect(longest).rejects.toThrow(expect.objectContaining({ code: "ERR_REVISION_TIMEOUT" }))
    await expect(pdp.atLeast(`${epoch}.999999`, { timeoutMs: 0 })).rejects.toThrow(expect.objectContaining({ code: "ERR_REVISION_TIMEOUT" }))
  })
})
