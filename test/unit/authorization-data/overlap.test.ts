import { describe, expect, it } from "vitest"
import { lintAuthorizationData } from "../../../src/authorization-data/index.js"

function ambiguous(...templates: readonly string[]): readonly string[] {
  const endpoints = Object.fromEntries(templates.map((template) => [template, { get: { permissions: [] } }]))
  return lintAuthorizationData({ documents: [{ version: 1, endpoints }], profile: "hardened" }).findings.map(({ rule }) => rule)
}

describe("two templates are ambiguous when one path can match both with equal rank", () => {
  it.each([
    ["/a/{x}", "/a/{y}"],
    ["/a/{x}/c", "/a/b/{y}"],
    ["/{x}/b/{z}", "/a/{y}/{z}"],
    ["/a/{x}/-/{rest}", "/a/{y}/-/{tail}"],
    ["/a/{x}/-/{rest}", "/a/-/{tail}"],
    ["/a/{x}/-/{rest}", "/{x}/b/-/{tail}"],
    ["/a/b/{x}", "/a/{y}/c"],
  ])("%s and %s", (a, b) => {
    expect(ambiguous(a, b)).toEqual(["ambiguous-templates"])
    expect(ambiguous(b, a)).toEqual(["ambiguous-templates"])
  })

  it.each([
    ["/a/{x}", "/a/b"],
    ["/a/{x}/c", "/a/b/{y}/{z}"],
    ["/a/{x}/c", "/a/b/d"],
    ["/a/{x}/-/{rest}", "/a/{x}/-/v1/{name}"],
    ["/a/{x}/-/{rest}", "/a/b/{y}/{z}"],
    ["/a/{x}/b/{y}", "/a/{x}/c/{y}"],
    ["/a/-/{rest}", "/b/-/{rest}"],
  ])("%s and %s are not", (a, b) => {
    expect(ambiguous(a, b)).toEqual([])
    expect(ambiguous(b, a)).toEqual([])
  })

  it("and 4,000 templates are checked in well under a second", () => {
    const templates = Array.from({ length: 2000 }, (_, index) => [
      `/apis/area${index % 40}/v2/workspaces/{workspace}/kind${index}`,
      `/apis/area${index % 40}/v2/workspaces/{workspace}/kind${index}/{name}`,
    ]).flat()
    const before = performance.now()
    expect(ambiguous(...templates)).toEqual([])
    expect(performance.now() - before).toBeLessThan(3_000)
  })
})
