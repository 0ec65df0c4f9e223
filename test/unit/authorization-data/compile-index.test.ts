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
    const { levels, routes } = indexOf({ roles, endpoints: { "/apis/{workspace}/things/{name}": read } })
    expect(levels[5]?.groups["apis"]).toEqual([{ number: 0, runs: [1, 2, 3, 4] }])
    expect(routes[0]).toMatchObject({ "apis/things": { endpoint: "/apis/{workspace}/things/{name}", workspace: 2, placeholders: [4] } })
  })

  it("keeps templates with their literal segments at the same positions under one mask, and numbers their operations", () => {
    const { levels, routes, operations } = indexOf({ roles, endpoints: { "/a/{x}": read, "/b/{x}": { put: { permissions: ["a.write"] } } } })
    expect(levels[3]).toMatchObject({ groups: { a: [{ number: 0 }], b: [{ number: 0 }] }, others: [] })
    const numbers = Object.values(routes[0] ?? {}).map((route) => ("operations" in route ? route.operations : undefined))
    expect(numbers.map((number) => Object.keys(operations[number ?? -1] ?? {}))).toEqual([["GET", "HEAD"], ["PUT"]])
  })

  it("puts templates with a placeholder at the telling position into every group", () => {
    const { levels } = indexOf({ roles, endpoints: { "/a/{x}/c": read, "/{w}/b/{y}": read, "/d/e/{z}": read } }, "nemo")
    const level = levels[4]
    expect(level?.position).toBe(1)
    expect([level?.groups["a"]?.length, level?.groups["d"]?.length, level?.others.length]).toEqual([2, 2, 1])
  })

  it("tells templates apart where that leaves the fewest lookups", () => {
    const { levels } = indexOf({ roles, endpoints: { "/a/s/{x}/c": read, "/a/s/{x}/d": read, "/a/t/{x}/{y}": read, "/a/u/{x}/{y}": read } })
    expect(levels[5]).toMatchObject({ position: 2, groups: { s: [{ runs: [1, 3, 4, 5] }], t: [{ runs: [1, 3] }], u: [{ runs: [1, 3] }] } })
  })

  it("keeps trailing templates apart, by the position of their separator", () => {
    const { trailing, routes } = indexOf({ roles, endpoints: { "/files/{workspace}/-/{path}": read, "/data/{workspace}/{more}/-/{path}": read } })
    expect(trailing).toEqual([
      { position: 3, masks: [{ number: 1, runs: [1, 2] }] },
      { position: 4, masks: [{ number: 0, runs: [1, 2] }] },
    ])
    expect(routes[1]).toMatchObject({ files: { trailing: 4, workspace: 2, placeholders: [] } })
  })

  it("marks what a trailing template with more literal segments can win over", () => {
    const { routes } = indexOf({ roles, endpoints: { "/{a}/{b}/{c}": read, "/o/{b}/list": read, "/o/-/{rest}": read, "/{a}/{b}": read } })
    const contested = routes.flatMap((byLiterals) => Object.values(byLiterals).flatMap((route) => ("contested" in route ? [route.endpoint] : [])))
    expect(contested).toEqual(["/{a}/{b}/{c}"])
  })

  it("fills HEAD from GET in the hardened profile only", () => {
    const endpoints = { "/a": read }
    expect(JSON.stringify(indexOf({ roles, endpoints }).operations)).toContain('"HEAD"')
    expect(JSON.stringify(indexOf({ roles, endpoints }, "nemo").operations)).not.toContain('"HEAD"')
  })

  it("leaves defaults out", () => {
    const { operations } = indexOf({
      roles,
      endpoints: { "/a": { get: { permissions: [], scopes: ["a:read"], callers: ["service_principal"], admin: false, all_workspaces: false } } },
    })
    expect(operations[0]).toMatchObject({
      GET: { permissions: [], scopes: { "a:read": true }, callers: "service_principal", admin: false, all_workspaces: false },
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
