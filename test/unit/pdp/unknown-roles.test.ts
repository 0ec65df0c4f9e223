import { describe, expect, it } from "vitest"
import { get, modelsPdp } from "./world.js"

describe("a binding that names a role which the authorization data does not have", () => {
  it("is kept, decides nothing, and is counted with the role that was meant", async () => {
    const { pdp, source } = await modelsPdp()
    expect(pdp.status().unknownRoles).toEqual({ bindings: 0, roles: [] })
    source.add(
      { principal: "zoe@example.com", workspace: "ml", role: "Veiwer" },
      { principal: "yan@example.com", workspace: "ml", role: "Veiwer" },
      { principal: "yan@example.com", workspace: "ml", role: "Xyz" },
    )
    await pdp.refresh()
    expect(pdp.authorize(get("zoe@example.com")).allowed).toBe(false)
    expect(pdp.status()).toMatchObject({
      bindings: 8,
      unknownRoles: {
        bindings: 3,
        roles: [
          { role: "Veiwer", bindings: 2, nearest: "Viewer" },
          { role: "Xyz", bindings: 1 },
        ],
      },
    })
    source.remove({ principal: "yan@example.com", workspace: "ml", role: "Veiwer" }, { principal: "yan@example.com", workspace: "ml", role: "Xyz" })
    await pdp.refresh()
    expect(pdp.status().unknownRoles).toEqual({ bindings: 1, roles: [{ role: "Veiwer", bindings: 1, nearest: "Viewer" }] })
    await pdp.close()
  })

  it("is one of ten at most that are named, those with the most bindings", async () => {
    const { pdp, source } = await modelsPdp()
    const roles = Array.from({ length: 12 }, (_, at) => `Ghost${at}`)
    source.add(...roles.map((role) => ({ principal: "zoe@example.com", workspace: "ml", role })))
    source.add({ principal: "zoe@example.com", workspace: "nlp", role: "Ghost11" })
    await pdp.refresh()
    const { unknownRoles } = pdp.status()
    expect(unknownRoles.bindings).toBe(13)
    expect(unknownRoles.roles).toHaveLength(10)
    expect(unknownRoles.roles[0]).toMatchObject({ role: "Ghost11", bindings: 2 })
    await pdp.close()
  })
})
