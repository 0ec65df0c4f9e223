import { afterEach, describe, expect, it } from "vitest"
import { createPdp, type Pdp } from "../../../src/pdp/index.js"
import { memorySource } from "../../../src/source/index.js"

const document = {
  version: 1,
  roles: { Viewer: { permissions: ["m.read"] }, ServiceSystem: { permissions: ["*"] } },
  endpoints: {
    "/m/workspaces/{workspace}/models": { get: { permissions: ["m.read"], scopes: [] }, post: { permissions: ["m.write"], scopes: [] } },
  },
}
const path = "/m/workspaces/w/models"
const asked = { principal_id: "service:ix", method: "POST", path }

/** A service that one binding narrows: whatever keeps the binding out of the slice would widen it to ServiceSystem. */
describe("the slice of a raw input", () => {
  let pdp: Pdp
  afterEach(() => pdp.close())
  const narrowed = async (): Promise<Pdp> =>
    (pdp = await createPdp({ authorizationData: document, source: memorySource([{ principal: "service:ix", workspace: "w", role: "Viewer" }]) }))

  it.each([
    ["as it is", asked],
    ["with a boxed id", { ...asked, principal_id: new String("service:ix") }],
    ["with a path that makes itself", { ...asked, path: { toJSON: () => path } }],
    ["that makes itself", { toJSON: () => asked }],
    [
      "with a getter",
      {
        ...asked,
        path: undefined,
        get attributes() {
          return { request: { http: { path } } }
        },
      },
    ],
    [
      "with headers that make themselves",
      { method: "POST", path, attributes: { request: { http: { headers: { toJSON: () => ({ "x-nmp-principal-id": "service:ix" }) } } } } },
    ],
  ])("holds what the policy reads of a request %s", async (_, input) => {
    await narrowed()
    expect(pdp.evaluate("authz/allow", input)).toMatchObject({ allowed: false })
  })

  const id = { "X-NMP-Principal-Id": "service:ix" }
  it.each([
    ["capitalised", { attributes: { request: { http: { method: "POST", path, headers: id } } } }],
    ["in small letters", { attributes: { request: { http: { method: "POST", path, headers: { "x-nmp-principal-id": "service:ix" } } } } }],
  ])("holds the bindings of a service that headers name: %s", async (_, input) => {
    await narrowed()
    expect(pdp.evaluate("authz/allow", input)).toMatchObject({ allowed: false })
    expect(pdp.evaluate("authz/allow", JSON.parse(JSON.stringify(input).replace("POST", "GET")))).toMatchObject({ allowed: true })
  })

  it.each(["X-NMP-Principal-Groups", "x-nmp-principal-groups"])("holds the bindings of the groups of %s", async (name) => {
    pdp = await createPdp({ authorizationData: document, source: memorySource([{ principal: "group:ops", workspace: "w", role: "Viewer" }]) })
    const headers = { "X-NMP-Principal-Id": "ann", [name]: "dev, ops" }
    expect(pdp.evaluate("authz/allow", { attributes: { request: { http: { method: "GET", path, headers } } } })).toMatchObject({ allowed: true })
  })

  it("holds what the policy reads of boxed workspaces and permissions", async () => {
    await narrowed()
    const principal = { principal_id: "service:ix" }
    expect(pdp.evaluate("authz/has_permissions", { ...principal, workspace: new String("w"), permissions: ["m.write"] })).toEqual({ allowed: false })
    expect(pdp.evaluate("authz/has_permissions", { ...principal, workspace: "v", permissions: [new String("w/m.write")] })).toEqual({
      allowed: false,
    })
  })

  it("answers requests of a batch only when they are a list", async () => {
    await narrowed()
    expect(pdp.evaluate("authz/allow_many", { requests: [asked] })).toEqual([false])
    expect(pdp.evaluate("authz/allow_many", { requests: { a: asked } })).toEqual([])
  })
})
