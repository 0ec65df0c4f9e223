import { describe, expect, it } from "vitest"
import { createPdp } from "../../../src/index.js"
import { isCanonicalPath } from "../../../src/model/canonical-path.js"

describe("a canonical path", () => {
  it.each(["/", "/a", "/a/", "/a/b", "/a.b", "/...", "/a@b:c~d", "/a%20b", "/%E2%82%AC", '/a"b', "/-/a"])("is %s", (path) => {
    expect(isCanonicalPath(path)).toBe(true)
  })

  it.each([
    "",
    "a",
    "*",
    "//",
    "//a",
    "/a//b",
    "/a//",
    "/.",
    "/..",
    "/a/.",
    "/a/../b",
    "/a/./b",
    "/a#b",
    "/a;b",
    "/a\\b",
    "/a b",
    "/ä",
    "/a\u007f",
    "/a?b",
  ])("is not %j", (path) => {
    expect(isCanonicalPath(path)).toBe(false)
  })

  it("escapes what the policy takes escaped, and no other byte", async () => {
    const authorizationData = { version: 1, roles: {}, endpoints: { "/files/{name}": { get: { public: true } } } }
    const pdp = await createPdp({ authorizationData })
    const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).flatMap((digits) => [digits, digits.toUpperCase()])
    const differing = [...bytes, "", "2", "zz", "2g"].filter((digits) => {
      const path = `/files/a%${digits}`
      return pdp.authorize({ principal: { id: "" }, method: "GET", path }).allowed !== isCanonicalPath(path)
    })
    expect(differing).toEqual([])
    await pdp.close()
  })

  it("holds the plain characters that the policy takes, and no other", async () => {
    const authorizationData = { version: 1, roles: {}, endpoints: { "/files/{name}": { get: { public: true } } } }
    const pdp = await createPdp({ authorizationData })
    const characters = Array.from({ length: 255 }, (_, code) => String.fromCharCode(code + 1)).filter((character) => !"/?".includes(character))
    const differing = characters.filter((character) => {
      const path = `/files/a${character}b`
      return pdp.authorize({ principal: { id: "" }, method: "GET", path }).allowed !== isCanonicalPath(path)
    })
    expect(differing).toEqual([])
    await pdp.close()
  })
})
