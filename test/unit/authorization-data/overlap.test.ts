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

describe("a literal is ambiguous when a path may spell it otherwise, and another template decides that otherwise", () => {
  const found = (endpoints: object, profile: "hardened" | "nemo" = "hardened") =>
    lintAuthorizationData({ documents: [{ version: 1, endpoints }], profile }).findings.filter(({ rule }) => rule === "ambiguous-spelling")
  const open = { permissions: [] }
  const deny = { deny: true }

  it.each([
    ["/m/a:purge", "/m/{name}", "/m/a%3Apurge"],
    ["/m/a%3apurge", "/m/{name}", "/m/a:purge"],
    ["/m/%c3%a9", "/m/{name}", "/m/%C3%a9"],
    ["/m/a%20b%3Fc", "/m/{name}", "/m/a%20b%3fc"],
    ["/m/{x}/a@b", "/m/{x}/{y}", "/m/x2/a%40b"],
    ["/m/a+b/{x}", "/m/-/{rest}", undefined],
    ["/m/-/a+b", "/m/-/{rest}", "/m/-/a%2Bb"],
    ["/m/workspaces/a:b/c", "/m/workspaces/{workspace}/c", undefined],
    ["/m/workspaces/a%3ab/c", "/m/workspaces/{workspace}/c", "/m/workspaces/a:b/c"],
    ["/m/a%20b", "/m/{name}", undefined],
    ["/m/a-b.c_d~", "/m/{name}", undefined],
    ["/m/a:purge", "/m/b:purge", undefined],
    ["/m/a:purge", "/m/{name}/more", undefined],
  ])("%s beside %s: %s", (literal, other, path) => {
    for (const endpoints of [
      { [literal]: { post: deny }, [other]: { post: open } },
      { [other]: { post: open }, [literal]: { post: deny } },
    ]) {
      const [finding] = found(endpoints)
      if (path === undefined) expect(finding).toBeUndefined()
      else expect(finding).toMatchObject({ severity: "error", message: expect.stringContaining(`as ${path}, which ${other} `) })
    }
  })

  it("with the line of the operation, and as a warning in the nemo profile", () => {
    const text = "version: 1\nendpoints:\n  /m/{name}:\n    post: {permissions: []}\n  /m/a:purge:\n    get: {deny: true}\n    post: {deny: true}\n"
    for (const [profile, severity] of [
      ["hardened", "error"],
      ["nemo", "warning"],
    ] as const)
      expect(lintAuthorizationData({ documents: [{ name: "a.yaml", text }], profile }).findings).toMatchObject([
        { severity, rule: "ambiguous-spelling", file: "a.yaml", line: 7, message: expect.stringContaining("on POST") },
      ])
  })

  const literal = "/m/a:b"
  it.each([
    ["the same operation", { [literal]: { get: open }, "/m/{name}": { get: { permissions: [], scopes: [] } } }, 0],
    ["another scope", { [literal]: { get: open }, "/m/{name}": { get: { permissions: [], scopes: ["m:read"] } } }, 1],
    ["a method that the other does not have", { [literal]: { post: open }, "/m/{name}": { get: deny } }, 0],
    ["a method that it leaves out", { [literal]: { post: open }, "/m/{name}": { get: open, delete: open } }, 0],
    ["no method at all", { [literal]: {}, "/m/{name}": { get: open } }, 1],
    ["HEAD by way of GET", { [literal]: { get: open }, "/m/{name}": { head: open } }, 0],
    ["the other denied", { [literal]: { get: open }, "/m/{name}": { get: deny } }, 0],
    ["a template between them that decides alike", { [literal]: { get: deny }, "/m/{name}": { get: deny }, "/{x}/{y}": { get: open } }, 0],
    ["another workspace", { "/workspaces/{workspace}/c/a:b": { get: open }, "/workspaces/{x}/{workspace}/{y}": { get: open } }, 1],
  ])("with %s", (_, endpoints, count) => {
    expect(found(endpoints)).toHaveLength(count)
  })
})
