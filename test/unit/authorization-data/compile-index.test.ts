import { describe, expect, it } from "vitest"
import { compileIndex } from "../../../src/authorization-data/compile-index.js"
import { loadAuthorizationData } from "../../../src/authorization-data/index.js"

const indexOf = (document: object, profile: "hardened" | "nemo" = "hardened") =>
  compileIndex(loadAuthorizationData({ documents: [{ version: 1, ...document }], profile }).data, { profile })

const read = { get: { permissions: ["a.read"] } }
const roles = { Reader: { permissions: ["a.read"] }, Writer: { includes: ["Reader"], permissions: ["a.write"] }, All: { permissions: ["*"] } }

describe("the index", () => {
  it("flattens inheritance and expands the permission that stands for all", () => {
    const { grants, includers } = indexOf({ roles, endpoints: { "/a": read } })
    expect(grants).toEqual({ "*": { All: true }, "a.read": { All: true, Reader: true, Writer: true }, "a.write": { All: true, Writer: true } })
    expect(includers["Reader"]).toEqual({ Reader: true, Writer: true })
  })

  it("keeps one template for its literal segments, found by runs", () => {
    const { routes } = indexOf({ roles, endpoints: { "/apis/{workspace}/things/{name}": read } })
    const [mask] = routes[5]?.groups["apis"] ?? []
    expect(mask?.runs).toEqual([1, 2, 3, 4])
    expect(mask?.routes).toMatchObject({ apis: { things: { endpoint: "/apis/{workspace}/things/{name}", workspace: 2, placeholders: [4] } } })
  })

  it("puts templates with a placeholder at the telling position into every group", () => {
    const { routes } = indexOf({ roles, endpoints: { "/a/{x}/c": read, "/a/b/{y}": read, "/a/d/{z}": read } }, "nemo")
    const level = routes[4]
    expect(level?.position).toBe(2)
    expect([level?.groups["b"]?.length, level?.groups["d"]?.length, level?.others.length]).toEqual([2, 2, 1])
  })

  it("keeps trailing templates apart, by the position of their separator", () => {
    const { trailing } = indexOf({ roles, endpoints: { "/files/{workspace}/-/{path}": read } })
    expect(trailing).toMatchObject([{ position: 3, masks: [{ runs: [1, 2], routes: { files: { trailing: 4, workspace: 2, placeholders: [] } } }] }])
  })

  it("fills HEAD from GET in the hardened profile only", () => {
    const endpoints = { "/a": read }
    expect(JSON.stringify(indexOf({ roles, endpoints }).routes)).toContain('"HEAD"')
    expect(JSON.stringify(indexOf({ roles, endpoints }, "nemo").routes)).not.toContain('"HEAD"')
  })

  it("leaves defaults out", () => {
    const { routes } = indexOf({
      roles,
      endpoints: { "/a": { get: { permissions: [], scopes: ["a:read"], callers: ["service_principal"], admin: false, all_workspaces: false } } },
    })
    expect(routes[2]?.groups["a"]?.[0]?.routes["a"]).toMatchObject({
      operations: { GET: { permissions: [], scopes: { "a:read": true }, callers: "service_principal", admin: false, all_workspaces: false } },
    })
  })

  it("is the same whatever the order of the document", () => {
    const one = indexOf({ roles, endpoints: { "/a": read, "/b/{x}": read } })
    const other = indexOf({ endpoints: { "/b/{x}": read, "/a": read }, roles: Object.fromEntries(Object.entries(roles).reverse()) })
    expect(JSON.stringify(other)).toBe(JSON.stringify(one))
  })

  it("takes names that objects have by themselves", () => {
    const { grants } = indexOf({ roles: { constructor: { permissions: ["a.read"] } }, endpoints: { "/toString/{x}": read } })
    expect(grants["a.read"]).toEqual({ constructor: true })
  })
})
