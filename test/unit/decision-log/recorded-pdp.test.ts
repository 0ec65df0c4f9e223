import { describe, expect, it } from "vitest"
import { createPdp } from "../../../src/index.js"
import { get, modelsPdp } from "../pdp/world.js"
import { logWorld } from "./world.js"

describe("a PDP with a decision log", () => {
  it("decides as without, and notes every kind of question with its entrypoint", async () => {
    const { log, sink } = logWorld()
    const { pdp } = await modelsPdp({ decisionLog: log })
    const { pdp: plain } = await modelsPdp()
    const requests = ["ann@example.com", "zoe@example.com", "root@example.com"].map((id) => get(id))
    const answers = (from: typeof pdp) => [
      ...requests.map((request) => from.authorize(request).allowed),
      ...from.authorizeMany(requests).map(({ allowed }) => allowed),
      from.hasPermissions({ principal: { id: "ann@example.com" }, workspace: "ml", permissions: ["models.read"] }).allowed,
      from.hasRole({ principal: { id: "ann@example.com" }, workspace: "ml", role: "Admin" }).allowed,
      from.evaluate("authz/allow", { principal_id: "zoe", method: "GET", path: "/workspaces/ml/models?s3cret" }),
    ]
    expect(answers(pdp)).toEqual(answers(plain))
    pdp.explain(get("zoe"))
    await log.close()
    expect(sink.events().map(({ path, allowed, result, reason }) => [path, allowed, result, reason])).toEqual([
      ["authz/allow", true, { allowed: true }, undefined],
      ["authz/allow", false, { allowed: false }, "role_missing"],
      ["authz/allow", true, { allowed: true }, undefined],
      ["authz/allow", true, { allowed: true }, undefined],
      ["authz/allow", false, { allowed: false }, "role_missing"],
      ["authz/allow", true, { allowed: true }, undefined],
      ["authz/has_permissions", true, { allowed: true }, undefined],
      ["authz/has_role", false, { has_role: false }, undefined],
      ["authz/allow", false, { allowed: false }, "role_missing"],
    ])
    expect(sink.lines.join()).not.toContain("s3cret")
    await Promise.all([pdp.close(), plain.close()])
  })

  it("finds the endpoint of a denial, and says when the state has changed in between", async () => {
    const { log, sink } = logWorld()
    const { pdp, source } = await modelsPdp({ decisionLog: log })
    const { revision } = pdp.authorize(get("zoe"))
    source.add({ principal: "yan", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    await log.close()
    expect(sink.events()).toMatchObject([
      { revision, reason: "role_missing", endpoint: "/workspaces/{workspace}/models/{name}", reasons_revision: pdp.revision() },
    ])
    await pdp.close()
  })

  it("notes what could not be decided, and still throws it", async () => {
    const { log, sink } = logWorld()
    const { pdp } = await modelsPdp({ decisionLog: log })
    expect(() => pdp.authorize(get("service:x"))).toThrowError(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    await pdp.close()
    expect(() => pdp.authorize(get("ann"))).toThrowError(expect.objectContaining({ code: "ERR_CLOSED" }))
    await log.close()
    expect(sink.events().map(({ error }) => error)).toEqual([{ code: "ERR_INPUT_INVALID" }, { code: "ERR_CLOSED" }])
  })

  it("makes one event of a question that takes several evaluations, or none", async () => {
    const { log, sink } = logWorld({ drop: [{ entrypoint: "authz/has_role" }] })
    const { pdp } = await modelsPdp({ decisionLog: log })
    const zoe = { principal_id: "zoe", method: "GET", path: "/workspaces/ml/models" }
    const origin = { decisionId: "d", batchDecisionId: "b" }
    const allowedIn = (evaluate: (entrypoint: string) => unknown): unknown => Object(evaluate("authz/allow")).allowed
    expect(pdp.document?.("authz/allow/allowed", zoe, allowedIn, origin)).toBe(false)
    expect(pdp.document?.("authz", zoe, (evaluate) => ({ allowed: evaluate("authz/allowed"), explain: evaluate("authz/explain") }))).toBeDefined()
    pdp.document?.("authz/allow/headers", zoe, () => "false")
    pdp.document?.("limits/eyJhbGciOi.eyJzdWIi.x", undefined, () => undefined)
    pdp.document?.("authz/has_role/has_role", { ...zoe, role: "Admin", workspace: "ml" }, () => false)
    expect(() =>
      pdp.document?.("authz/allow", zoe, () => {
        throw new TypeError("no")
      }),
    ).toThrow(TypeError)
    await log.close()
    expect(sink.events()).toMatchObject([
      { path: "authz/allow/allowed", result: false, allowed: false, reason: "role_missing", decision_id: "d", batch_decision_id: "b" },
      { path: "authz", result: {}, input: zoe },
      { path: "authz/allow/headers", result: "false" },
      { path: "limits/[redacted]" },
      { path: "authz/allow", error: { code: "ERR_EVALUATION" } },
    ])
    expect(sink.events().map((event) => ["allowed" in event, "result" in event])).toEqual([
      [true, true],
      [true, true],
      [false, true],
      [false, false],
      [false, false],
    ])
    await pdp.close()
  })

  it("notes that somebody has asked for reasons over HTTP, which is neither allowed nor denied", async () => {
    const { log, sink } = logWorld()
    const { pdp } = await modelsPdp({ decisionLog: log })
    pdp.evaluate("authz/explain", { principal_id: "zoe", method: "GET", path: "/workspaces/ml/models" })
    await log.close()
    expect(sink.events().map(({ path, allowed }) => [path, allowed])).toEqual([["authz/explain", undefined]])
    await pdp.close()
  })

  it("notes nothing of what a server asks for itself", async () => {
    const { log, sink } = logWorld()
    const { pdp } = await modelsPdp({ decisionLog: log })
    expect(pdp.document?.("system/health/live", {}, () => true)).toBe(true)
    await log.close()
    expect(sink.events()).toEqual([])
    await pdp.close()
  })

  it("is refused a log that is none, and not wrapped without one", async () => {
    await expect(Reflect.apply(createPdp, undefined, [{ decisionLog: {} }])).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})
