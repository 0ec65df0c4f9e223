import { describe, expect, it } from "vitest"
import { createPdp } from "../../../src/index.js"

const wasm = "examples/own-policy/policy.wasm"
const data = { owners: { "todo-1": "ann" } }

describe("a policy of your own", () => {
  it("is evaluated by its own entrypoints, with its own data", async () => {
    const pdp = await createPdp({ policy: { wasm, data } })
    expect(pdp.evaluate("todo/allow", { principal: "ann", todo: "todo-1" })).toBe(true)
    expect(pdp.evaluate("todo/allow", { principal: "ben", todo: "todo-1" })).toBe(false)
    expect(pdp.status()).toMatchObject({ ready: true, profile: "custom", bindings: 0, sources: [], policy: { entrypoints: ["todo/allow"] } })
    await pdp.atLeast(pdp.revision())
    await pdp.refresh()
    await pdp.close()
    expect(() => pdp.evaluate("todo/allow", {})).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })

  it("has no decisions of the product's, and no bundle", async () => {
    const pdp = await createPdp({ policy: { wasm } })
    const principal = { id: "ann" }
    const request = { principal, method: "GET", path: "/" }
    const unknown = expect.objectContaining({ code: "ERR_ENTRYPOINT_UNKNOWN" })
    expect(() => pdp.authorize(request)).toThrow(unknown)
    expect(() => pdp.authorizeMany([request])).toThrow(unknown)
    expect(() => pdp.hasPermissions({ principal, workspace: "ml", permissions: ["a.b"] })).toThrow(unknown)
    expect(() => pdp.hasRole({ principal, workspace: "ml", role: "Viewer" })).toThrow(unknown)
    expect(() => pdp.explain(request)).toThrow(unknown)
    expect(() => pdp.snapshot()).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    await pdp.close()
  })

  it("says which file it could not read, and what is no module", async () => {
    await expect(createPdp({ policy: { wasm: "nowhere.wasm" } })).rejects.toMatchObject({ code: "ERR_POLICY_INVALID" })
    await expect(createPdp({ policy: { wasm: new Uint8Array([1, 2, 3]) } })).rejects.toMatchObject({ code: "ERR_POLICY_INVALID" })
  })

  it("decides batches one by one when it has no entrypoint for them", async () => {
    const pdp = await createPdp({ policy: { wasm: "test/fixtures/policy/own-authz.wasm" } })
    const request = { principal: { id: "ann" }, method: "GET", path: "/" }
    expect(pdp.authorizeMany([request, { ...request, method: "DELETE" }]).map(({ allowed }) => allowed)).toEqual([true, false])
    await pdp.close()
  })
})

describe("a policy that answers badly", () => {
  it("never allows: only an object that says exactly true does", async () => {
    const pdp = await createPdp({ policy: { wasm: "test/fixtures/policy/own-authz.wasm" } })
    const ask = (id: string): boolean => pdp.authorize({ principal: { id }, method: "GET", path: "/" }).allowed
    expect(["ann", "says-true", "says-yes", "says-list", "says-nothing"].map(ask)).toEqual([true, false, false, false, false])
    expect(() => pdp.explain({ principal: { id: "ann" }, method: "GET", path: "/" })).toThrow(expect.objectContaining({ code: "ERR_EVALUATION" }))
    await pdp.close()
  })
})
