import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { createPdp, memorySource, PdpError, type Pdp } from "../../src/index.js"
import type { ServerLimits } from "../../src/server/index.js"
import { post, testServer } from "../fixtures/test-server.js"

const pdpPath = "/apis/auth/v2/authz"
const dataPath = "/v1/data/authz"
const models = "/apis/models/v2/workspaces/ml-team/models"
const ann = { principal_id: "ann@example.com", method: "GET" }
const many = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)
const throughEnvoy = (http: object) => ({ attributes: { request: { http } } })

let pdp: Pdp
beforeAll(async () => {
  pdp = await createPdp({
    authorizationData: "examples/quickstart/authorization.yaml",
    source: memorySource([{ principal: "ann@example.com", workspace: "ml-team", role: "Viewer" }]),
  })
})
afterAll(() => pdp.close())

const serve = (limits: Partial<ServerLimits> = {}) => testServer({ pdp, limits })
const Refused = z.object({ detail: z.string(), code: z.string() })

async function refusalOf(answer: Response): Promise<{ readonly status: number; readonly code: string; readonly detail: string }> {
  return { status: answer.status, ...Refused.parse(await answer.json()) }
}

describe("a question that is too large", () => {
  type Row = readonly [what: string, entrypoint: string, input: object, says: string]
  const rows: readonly Row[] = [
    ["340,000 escapes", "allow", { ...ann, path: `${models}/-/${"%20".repeat(340_000)}` }, "input.path has 1020044 characters; send at most 8192"],
    ["1,000,000 slashes to explain", "explain", { ...ann, path: "/".repeat(1_000_000) }, "input.path has 1000000 characters; send at most 8192"],
    ["500,000 segments", "allow", { ...ann, path: "/a".repeat(500_000) }, "input.path has 1000000 characters; send at most 8192"],
    ["257 segments", "allow", { ...ann, path: "/a".repeat(257) }, "input.path has 257 segments; send at most 256"],
    [
      "50,000 permissions and 99 groups",
      "has_permissions",
      { ...ann, principal_groups: many(99, "g"), workspace: "ml-team", permissions: many(50_000, "models.read") },
      "input.permissions has 50000 items; send at most 256",
    ],
    ["100,000 wrong scopes", "allow", { ...ann, path: models, scopes: many(100_000, 1) }, "input.scopes has 100000 items; send at most 256"],
    ["a long id", "allow", { ...ann, principal_id: "a".repeat(8_193), path: models }, "input.principal_id has 8193 characters; send at most 8192"],
    [
      "a long scope",
      "allow",
      { ...ann, path: models, scopes: ["a", "b".repeat(9_000)] },
      "an item of input.scopes has 9000 characters; send at most 8192",
    ],
    ["a long role", "has_role", { ...ann, workspace: "ml-team", role: "a".repeat(9_000) }, "input.role has 9000 characters; send at most 8192"],
    [
      "a long path of Envoy's",
      "allow",
      throughEnvoy({ path: "/".repeat(9_000) }),
      "input.attributes.request.http.path has 9000 characters; send at most 8192",
    ],
    [
      "257 segments of Envoy's",
      "allow",
      throughEnvoy({ path: "/a".repeat(257) }),
      "input.attributes.request.http.path has 257 segments; send at most 256",
    ],
    [
      "a long header of Envoy's",
      "allow",
      throughEnvoy({ headers: { a: "x".repeat(9_000) } }),
      "input.attributes.request.http.headers.a has 9000 characters; send at most 8192",
    ],
    [
      "257 scopes in a header of Envoy's",
      "allow",
      throughEnvoy({ headers: { "X-NMP-Scopes": many(257, "a").join(" ") } }),
      "input.attributes.request.http.headers.X-NMP-Scopes has 257 scopes; send at most 256",
    ],
    ["400,000 wrong groups", "allow", { ...ann, path: models, principal_groups: many(400_000, 1) }, "the body holds more than 131072 values"],
    ["300,000 values that nobody asked for", "allow", { ...ann, path: models, more: many(300_000, 1) }, "the body holds more than 131072 values"],
  ]

  it.each(rows)("is refused at once, with the member and the limit: %s", async (_, entrypoint, input, says) => {
    const { url } = await serve()
    const begun = performance.now()
    const refused = await refusalOf(await post(`${url}${pdpPath}/${entrypoint}`, { input }))
    expect(refused).toMatchObject({ status: 400, code: "input_invalid" })
    expect(refused.detail).toContain(says)
    expect((await post(`${url}${dataPath}/${entrypoint}`, { input })).status).toBe(400)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  it("is refused among many requests, wherever it stands", async () => {
    const { url } = await serve()
    const fine = { ...ann, path: models }
    for (const [requests, says] of [
      [[fine, { ...fine, path: "/a".repeat(257) }], "input.requests.1.path has 257 segments"],
      [[fine, { ...fine, scopes: many(257, "a") }], "input.requests.1.scopes has 257 items"],
      [[fine, throughEnvoy({ path: "/a".repeat(257) })], "input.requests.1.attributes.request.http.path has 257 segments"],
      [many(1_001, fine), "input.requests has 1001 items; send at most 1000"],
      [many(900, { scopes: many(100, 1) }), "input.requests.0.scopes.0"],
      [[fine, 5], "input.requests.1: "],
    ] as const) {
      const answer = await post(`${url}${dataPath}/allow_many`, { input: { requests } })
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(says)])
    }
    const answer = await post(`${url}${dataPath}/allow_many`, { input: { requests: many(1_000, fine) } })
    expect(await answer.json()).toEqual({ result: many(1_000, true) })
  })

  it("has too many groups, however wrong they are", async () => {
    const { url } = await serve()
    const headers = { "X-NMP-Principal-Groups": many(101, "g").join() }
    for (const input of [
      { ...ann, path: models, principal_groups: many(100_000, 1) },
      throughEnvoy({ headers }),
      { principal_groups: ["g"], ...throughEnvoy({ headers }) },
    ])
      expect(await refusalOf(await post(`${url}${pdpPath}/allow`, { input }))).toMatchObject({ status: 400, code: "too_many_groups" })
  })

  it("is one as large as it may be no more", async () => {
    const { url } = await serve()
    const path = `${models}?q=${"/".repeat(8_000)}`
    const input = { ...ann, path, scopes: many(256, "models:read") }
    const answer = await post(`${url}${pdpPath}/allow`, { input })
    expect(await answer.json()).toMatchObject({ result: { allowed: true } })
  })

  it("is what the limits say", async () => {
    const { url } = await serve({ textLength: 256, pathSegments: 16, permissions: 1, scopes: 1, values: 256 })
    const ask = async (entrypoint: string, more: object): Promise<number> =>
      (await post(`${url}${pdpPath}/${entrypoint}`, { input: { ...ann, ...more } })).status
    expect(await ask("allow", { path: models, scopes: ["a"] })).toBe(200)
    expect(await ask("allow", { path: models, scopes: ["a", "b"] })).toBe(400)
    expect(await ask("allow", { path: `/${"a".repeat(256)}` })).toBe(400)
    expect(await ask("allow", { path: "/a".repeat(17) })).toBe(400)
    expect(await ask("allow", { path: models, more: many(257, 1) })).toBe(400)
    expect(await ask("has_permissions", { workspace: "ml-team", permissions: ["models.read"] })).toBe(200)
    expect(await ask("has_permissions", { workspace: "ml-team", permissions: ["models.read", "models.list"] })).toBe(400)
  })
})

describe("a question that takes more memory than a policy may use", () => {
  it("is too large, and the answer tells nothing about the inside", async () => {
    const small = await createPdp({
      authorizationData: "examples/quickstart/authorization.yaml",
      source: memorySource([{ principal: "ann@example.com", workspace: "ml-team", role: "Viewer" }]),
    })
    const evaluate: Pdp["evaluate"] = () => {
      throw new PdpError("ERR_EVALUATION", "evaluating 'authz/allow' failed: it needs more than the 64 MiB", { reason: "memory_exhausted" })
    }
    const { url } = await testServer({ pdp: { ...small, evaluate } })
    const input = { ...ann, path: models }
    const refused = await refusalOf(await post(`${url}${pdpPath}/allow`, { input }))
    expect(refused).toMatchObject({ status: 413, code: "too_large" })
    expect(refused.detail).not.toMatch(/64|authz\/allow/)
    expect((await post(`${url}${dataPath}/allow`, { input })).status).toBe(400)
    await small.close()
  })

  it("fails inside otherwise, and says no more than that", async () => {
    const evaluate: Pdp["evaluate"] = () => {
      throw new PdpError("ERR_EVALUATION", "evaluating 'authz/allow' failed: secret")
    }
    const { url } = await testServer({ pdp: { ...pdp, evaluate } })
    const refused = await refusalOf(await post(`${url}${pdpPath}/allow`, { input: { ...ann, path: models } }))
    expect(refused).toMatchObject({ status: 500, code: "evaluation", detail: expect.not.stringContaining("secret") })
  })
})
