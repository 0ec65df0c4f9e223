import { describe, expect, it } from "vitest"
import { get, modelsPdp } from "./world.js"

describe("authorize", () => {
  it("allows what a role in the path's workspace holds, and denies the rest, as values", async () => {
    const { pdp } = await modelsPdp()
    expect(pdp.authorize(get("ann@example.com"))).toEqual({ allowed: true, revision: pdp.revision() })
    expect(pdp.authorize({ ...get("ann@example.com"), method: "DELETE" })).toEqual({ allowed: false, revision: pdp.revision() })
    expect(pdp.authorize(get("ann@example.com", "/workspaces/other/models/llama")).allowed).toBe(false)
    await pdp.close()
  })

  it("looks groups up with their prefix only", async () => {
    const { pdp } = await modelsPdp()
    const ask = (groups: string[], email?: string): boolean =>
      pdp.authorize({ ...get(""), principal: { id: "eve", groups, ...(email && { email }) } }).allowed
    expect(ask(["ops"])).toBe(true)
    expect(ask(["group:ops"])).toBe(false)
    expect(ask(["ben@example.com"])).toBe(false)
    expect(ask([], "group:ops")).toBe(false)
    await pdp.close()
  })

  it("lets a service act where nothing narrows it, and never a person who calls himself one", async () => {
    const { pdp } = await modelsPdp()
    expect(pdp.authorize({ ...get(""), principal: { kind: "service", id: "indexer" } }).allowed).toBe(true)
    expect(() => pdp.authorize(get("service:indexer"))).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    await pdp.close()
  })

  it("gives a service that acts for a person no more than the person has", async () => {
    const { pdp } = await modelsPdp()
    const ask = (method: string, onBehalfOf: { id: string; email?: string }, own: object = {}): boolean =>
      pdp.authorize({ ...get(""), method, principal: { kind: "service", id: "indexer", onBehalfOf, ...own } }).allowed
    expect(ask("GET", { id: "ann@example.com" })).toBe(true)
    expect(ask("DELETE", { id: "ann@example.com" })).toBe(false)
    expect(ask("DELETE", { id: "x", email: "ben@example.com" })).toBe(true)
    expect(ask("GET", { id: "service:other" })).toBe(false)
    await pdp.close()
  })

  it("does not lend a service's own claims to a delegate who has none", async () => {
    const { pdp } = await modelsPdp()
    const principal = { kind: "service", id: "indexer", groups: ["ops"], email: "ben@example.com", onBehalfOf: { id: "nobody@example.com" } } as const
    expect(pdp.authorize({ ...get(""), principal }).allowed).toBe(false)
    await pdp.close()
  })

  it("tells absent scopes from an empty set", async () => {
    const { pdp } = await modelsPdp()
    const ask = (scopes?: string[] | null): boolean => pdp.authorize({ ...get(""), principal: { id: "ann@example.com", scopes } }).allowed
    expect([ask(undefined), ask(null), ask([]), ask(["platform:read"]), ask(["platform:write"])]).toEqual([true, true, false, true, false])
    await pdp.close()
  })

  it.each([
    ["an id that is no string", { principal: { id: 5 }, method: "GET", path: "/" }],
    ["a lone surrogate", { principal: { id: "\ud800" }, method: "GET", path: "/" }],
    ["a method that is no string", { principal: { id: "a" }, method: null, path: "/" }],
    ["scopes that are a string", { principal: { id: "a", scopes: "platform:read" }, method: "GET", path: "/" }],
    ["an unknown kind", { principal: { id: "a", kind: "robot" }, method: "GET", path: "/" }],
    ["101 groups", { principal: { id: "a", groups: Array(101).fill("g") }, method: "GET", path: "/" }],
  ])("refuses %s", async (_, request) => {
    const { pdp } = await modelsPdp()
    // @ts-expect-error callers without types send anything
    expect(() => pdp.authorize(request)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    await pdp.close()
  })

  it.each([1, 7, 130])("answers a batch as it answers one by one, in order, with %i requests of one caller in a row", async (inRow) => {
    const { pdp } = await modelsPdp()
    const requests = Array.from({ length: 250 }, (_, i) => ({
      principal: { id: ["ann@example.com", "ben@example.com", ""][Math.floor(i / inRow) % 3] ?? "" },
      method: ["GET", "DELETE"][i % 2] ?? "",
      path: `/workspaces/${["ml", "open", "ml%41", "-"][i % 4]}/models/llama`,
    }))
    expect(pdp.authorizeMany(requests)).toEqual(requests.map((request) => pdp.authorize(request)))
    expect(pdp.authorizeMany([])).toEqual([])
    await pdp.close()
  })

  it("throws after close", async () => {
    const { pdp } = await modelsPdp()
    await pdp.close()
    await pdp.close()
    expect(() => pdp.authorize(get("ann@example.com"))).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })
})

describe("hasPermissions and hasRole", () => {
  it("ask in the named workspace, scopes aside", async () => {
    const { pdp } = await modelsPdp()
    const ann = { id: "ann@example.com", scopes: [] }
    expect(pdp.hasPermissions({ principal: ann, workspace: "ml", permissions: ["models.read"] }).allowed).toBe(true)
    expect(pdp.hasPermissions({ principal: ann, workspace: "ml", permissions: ["models.read", "models.delete"] }).allowed).toBe(false)
    expect(pdp.hasPermissions({ principal: ann, workspace: "other", permissions: ["ml/models.read"] }).allowed).toBe(true)
    expect(pdp.hasPermissions({ principal: ann, workspace: "other", permissions: ["open/models.read"] }).allowed).toBe(false)
    await pdp.close()
  })

  it("follow inheritance and bindings of everybody only when effective is asked for", async () => {
    const { pdp } = await modelsPdp()
    const ask = (id: string, workspace: string, effective: boolean): boolean =>
      pdp.hasRole({ principal: { id }, workspace, role: "Viewer", effective }).allowed
    expect([ask("ben@example.com", "ml", false), ask("ben@example.com", "ml", true)]).toEqual([false, true])
    expect([ask("zoe", "open", false), ask("zoe", "open", true)]).toEqual([false, true])
    await pdp.close()
  })

  it.each([["-"], ["*"], [""], ["a/b"]])("refuse '%s' for a workspace", async (workspace) => {
    const { pdp } = await modelsPdp()
    const principal = { id: "ann@example.com" }
    expect(() => pdp.hasRole({ principal, workspace, role: "Viewer" })).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(() => pdp.hasPermissions({ principal, workspace, permissions: ["a.b"] })).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    await pdp.close()
  })

  it.each([[[]], [["a/b/c"]], [["/models.read"]]])("refuse permissions %j", async (permissions) => {
    const { pdp } = await modelsPdp()
    expect(() => pdp.hasPermissions({ principal: { id: "ann@example.com" }, workspace: "ml", permissions })).toThrow(
      expect.objectContaining({ code: "ERR_INPUT_INVALID" }),
    )
    await pdp.close()
  })
})

describe("explain", () => {
  it("names the rule, the endpoint and what is missing", async () => {
    const { pdp } = await modelsPdp()
    expect(pdp.explain({ ...get("ann@example.com"), method: "DELETE" })).toEqual({
      allowed: false,
      reasons: ["role_insufficient"],
      endpoint: "/workspaces/{workspace}/models/{name}",
      method: "DELETE",
      workspace: "ml",
      caller: "person",
      roles: { "ann@example.com": ["Viewer"] },
      missing_permissions: ["models.delete"],
      required_scopes: ["platform:write"],
      revision: pdp.revision(),
    })
    expect(pdp.explain(get("ann@example.com"))).toMatchObject({ allowed: true, rule: "A4", reasons: [] })
    expect(pdp.explain(get("root@example.com"))).toMatchObject({ allowed: true, rule: "A2" })
    expect(pdp.explain(get("ann@example.com", "/nowhere"))).toMatchObject({ allowed: false, rule: "D1", reasons: ["unknown_path"] })
    await pdp.close()
  })
})

describe("evaluate", () => {
  it("answers `allowed` as `allow`, in a word", async () => {
    const { pdp } = await modelsPdp()
    for (const method of ["GET", "DELETE"]) {
      const input = { principal_id: "ann@example.com", method, path: "/workspaces/ml/models/llama" }
      expect(pdp.evaluate("authz/allow", input)).toMatchObject({ allowed: pdp.evaluate("authz/allowed", input) })
    }
    await pdp.close()
  })

  it("drops bindings that the caller sends", async () => {
    const { pdp } = await modelsPdp()
    const input = { principal_id: "eve", method: "GET", path: "/workspaces/ml/models/llama", bindings: { ml: { eve: ["Editor"] } } }
    expect(pdp.evaluate("authz/allow", input)).toEqual({ allowed: false, headers: { "X-NMP-Authorized": "false" } })
    await pdp.close()
  })

  it("reads Envoy's shape", async () => {
    const { pdp } = await modelsPdp()
    const http = {
      method: "GET",
      path: "/workspaces/ml/models/llama?x=1",
      headers: { "x-nmp-principal-id": "eve", "x-nmp-principal-groups": "dev, ops" },
    }
    expect(pdp.evaluate("authz/allow", { attributes: { request: { http } } })).toMatchObject({ allowed: true })
    await pdp.close()
  })

  it.each(["X-Nmp-Principal-On-Behalf-Of", "x_nmp_scopes", "X-NMP-Principal-Id"])(
    "denies when headers of Envoy's shape are ambiguous: %s",
    async (name) => {
      const { pdp } = await modelsPdp()
      const asked = (more: object): unknown => {
        const headers = { "x-nmp-principal-id": "service:indexer", ...more }
        return pdp.evaluate("authz/allowed", { attributes: { request: { http: { method: "GET", path: "/workspaces/ml/models/llama", headers } } } })
      }
      expect([asked({}), asked({ [name]: "eve" })]).toEqual([true, false])
      await pdp.close()
    },
  )

  it("cuts the slice for every question of a batch, so that a narrowed service stays narrowed", async () => {
    const { pdp, source } = await modelsPdp()
    source.add({ principal: "service:indexer", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    const question = (method: string): object => ({ principal_id: "service:indexer", method, path: "/workspaces/ml/models/llama" })
    expect(pdp.evaluate("authz/allow_many", { requests: [question("GET"), question("DELETE")] })).toEqual([true, false])
    await pdp.close()
  })

  it("answers a long batch as single questions, in order", async () => {
    const { pdp } = await modelsPdp()
    const path = "/workspaces/ml/models/llama"
    const requests = Array.from({ length: 173 }, (_, index) => ({
      principal_id: index % 3 === 0 ? "ann@example.com" : `p${index}`,
      method: "GET",
      path,
    }))
    expect(pdp.evaluate("authz/allow_many", { requests })).toEqual(requests.map((_, index) => index % 3 === 0))
    expect(pdp.evaluate("authz/allow_many", { requests: [] })).toEqual([])
    expect(pdp.evaluate("authz/allow_many", { requests: 5 })).toEqual([])
    await pdp.close()
  })

  it("takes a path of many segments", async () => {
    const { pdp } = await modelsPdp()
    const path = `/workspaces/ml/models${"/ml".repeat(4_090)}`
    expect(pdp.evaluate("authz/allow", { principal_id: "ann@example.com", method: "GET", path })).toMatchObject({ allowed: false })
    await pdp.close()
  })

  it.each([[undefined], [null], [0], ["x"], [[]], [{}]])("denies the input %j", async (input) => {
    const { pdp } = await modelsPdp()
    expect(pdp.evaluate("authz/allow", input)).toMatchObject({ allowed: false })
    await pdp.close()
  })

  it("names the entrypoints there are", async () => {
    const { pdp } = await modelsPdp()
    expect(() => pdp.evaluate("authz/nothing", {})).toThrow(expect.objectContaining({ code: "ERR_ENTRYPOINT_UNKNOWN" }))
    await pdp.close()
  })
})
