import { describe, expect, it } from "vitest"
import { pathParams } from "../../../src/server/path-params.js"
import { honoPath, routeTemplates } from "../../../src/server/route-template.js"

describe("the route of a path", () => {
  const routeOf = routeTemplates(["/health", "/a/:name", "/a/:name/b.c/:more", "/d/:rest{.+}", "/v1/*"])

  it.each([
    ["/health", "/health"],
    ["/a/x%2Fy", "/a/{name}"],
    ["/a/x/b.c/y", "/a/{name}/b.c/{more}"],
    ["/a/x/bxc/y", "other"],
    ["/a/", "other"],
    ["/a/x/", "other"],
    ["/d/x", "/d/{rest}"],
    ["/v1/x", "other"],
    ["", "other"],
  ])("%s is %s", (path, route) => expect(routeOf(path)).toBe(route))

  it("is written in Hono's way for Hono", () => expect(honoPath("/a/{workspace}/b/{entity_type}")).toBe("/a/:workspace/b/:entity_type"))
})

describe("the parts of a path", () => {
  const template = "/w/{workspace}/m/{principal}"

  it("are decoded once", () => {
    expect([...pathParams(template, "/w/ml/m/a%2540b%C3%AB?x=/w")]).toEqual([
      ["workspace", "ml"],
      ["principal", "a%40bë"],
    ])
  })

  it.each(["/w/ml/m/%FF", "/w/ml/m/%", "/w/ml/m/%zz", "/w/./ml/m/x", "/w/ml/n/x", "/w/ml/m", "//w/ml/m/x", ""])("are not there in '%s'", (target) => {
    expect(() => pathParams(template, target)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })
})
