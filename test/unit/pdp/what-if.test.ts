import { describe, expect, it } from "vitest"
import { createPdp, type Principal, type Profile, type RoleBinding } from "../../../src/index.js"
import { bindings, get, models, modelsPdp } from "./world.js"

const ann = get("ann@example.com")

describe("whatIf", () => {
  it("decides on other bindings with the same policy, and changes nothing", async () => {
    const { pdp } = await modelsPdp()
    const others = pdp.whatIf([{ principal: "zoe", workspace: "ml", role: "Editor" }])
    expect(others.authorize(get("zoe")).allowed).toBe(true)
    expect(others.authorize(ann).allowed).toBe(false)
    expect(others.authorizeMany([ann, get("zoe")]).map(({ allowed }) => allowed)).toEqual([false, true])
    expect(others.hasPermissions({ principal: { id: "zoe" }, workspace: "ml", permissions: ["models.delete"] }).allowed).toBe(true)
    expect(others.hasRole({ principal: { id: "zoe" }, workspace: "ml", role: "Editor" }).allowed).toBe(true)
    expect(others.explain(ann)).toMatchObject({ allowed: false, reasons: ["role_missing"] })
    expect([pdp.authorize(ann).allowed, pdp.authorize(get("zoe")).allowed]).toEqual([true, false])
    expect(pdp.status().bindings).toBe(bindings.length)
    await pdp.close()
  })

  it("keeps deciding on what it was given when the PDP goes on", async () => {
    const { pdp, source } = await modelsPdp()
    const before = pdp.whatIf([...pdp.snapshot().bindings])
    source.replace([])
    await pdp.refresh()
    expect([before.authorize(ann).allowed, pdp.authorize(ann).allowed]).toEqual([true, false])
    await pdp.close()
  })

  it("throws as a decision does when there is no policy to decide by", async () => {
    const { pdp } = await modelsPdp()
    await pdp.close()
    expect(() => pdp.whatIf([])).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })
})

describe("lookups", () => {
  const principals: readonly Principal[] = [
    { id: "ann@example.com" },
    { id: "a1", email: "ann@example.com", groups: ["ops", "dev"] },
    { id: "", groups: ["ops"] },
    { kind: "service", id: "worker" },
    { kind: "service", id: "worker", groups: ["ops"] },
    { kind: "service", id: "worker", onBehalfOf: { id: "ben@example.com", groups: ["ops"] } },
    { kind: "service", id: "worker", email: "ann@example.com", onBehalfOf: { id: "ben@example.com" } },
  ]
  const held: readonly RoleBinding[] = [
    ...bindings,
    { principal: "service:worker", workspace: "ml", role: "Viewer" },
    { principal: "ops", workspace: "ml", role: "Editor" },
    { principal: "dev", workspace: "open", role: "Editor" },
  ]
  const paths = ["/workspaces/ml/models", "/workspaces/open/models/x", "/workspaces/-/models", "/iam", "/health", "/nowhere/ml?workspace=open", ""]

  it.each<Profile>(["hardened", "nemo"])("name every binding that a decision can need: without the others it is the same (%s)", async (profile) => {
    const { pdp, source } = await modelsPdp({ profile })
    source.replace(held)
    await pdp.refresh()
    let allowed = 0
    for (const principal of principals)
      for (const workspace of ["ml", "open", "system"]) {
        const permissions = { principal, workspace, permissions: ["models.read", "open/models.create"] }
        const role = { principal, workspace, role: "Editor", effective: true }
        expect(reduced(pdp, permissions).hasPermissions(permissions)).toEqual(pdp.hasPermissions(permissions))
        expect(reduced(pdp, role).hasRole(role)).toEqual(pdp.hasRole(role))
        for (const path of paths)
          for (const method of ["GET", "DELETE", "POST"]) {
            const request = { principal, method, path }
            expect(reduced(pdp, request).authorize(request)).toEqual(pdp.authorize(request))
            if (pdp.authorize(request).allowed) allowed++
          }
      }
    expect(allowed).toBeGreaterThan(50)
    await pdp.close()
  })

  /** The policy on the looked-up bindings only. */
  function reduced(pdp: Awaited<ReturnType<typeof createPdp>>, question: Parameters<typeof pdp.lookups>[0]) {
    const wanted = pdp.lookups(question)
    return pdp.whatIf(held.filter(({ principal, workspace }) => wanted.principals.includes(principal) && wanted.workspaces.includes(workspace)))
  }

  it("are those of the caller, everybody and the workspaces that the path may name", async () => {
    const { pdp } = await modelsPdp()
    expect(pdp.lookups({ ...ann, principal: { id: "a", email: "a@b", groups: ["ops"] }, path: "/workspaces/ml/models?x=/y" })).toEqual({
      principals: ["a", "*", "a@b", "group:ops"],
      workspaces: ["system", "workspaces", "ml", "models"],
    })
    await pdp.close()
  })

  it("refuse what a decision refuses", async () => {
    const { pdp } = await modelsPdp()
    expect(() => pdp.lookups({ ...ann, principal: { id: "service:x" } })).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(() => pdp.lookups({ principal: { id: "a" }, workspace: "ml", permissions: ["a/b/c"] })).toThrow(
      expect.objectContaining({ code: "ERR_INPUT_INVALID" }),
    )
    await pdp.close()
  })
})

describe("roles", () => {
  it("come with all their permissions, included ones too", async () => {
    const { pdp } = await modelsPdp()
    const roles = Object.fromEntries(Array.from(pdp.roles(), ([role, permissions]) => [role, [...permissions].sort()]))
    expect(roles).toEqual({
      Viewer: ["models.read"],
      Editor: ["models.create", "models.delete", "models.read"],
      PlatformAdmin: ["iam.list"],
      ServiceSystem: ["*"],
    })
    await pdp.close()
  })

  it("are those of the built-in document when there is no other", async () => {
    const pdp = await createPdp({})
    expect([...pdp.roles().keys()].sort()).toEqual(["Admin", "Editor", "PlatformAdmin", "ServiceSystem", "Viewer", "WorkspaceCreator"])
    expect(pdp.roles().get("Admin")).toContain("workspaces.read")
    await pdp.close()
  })

  it("are looked up by name: that of a prototype's member is no role", async () => {
    const role = { permissions: ["models.read"] }
    const pdp = await createPdp({ authorizationData: { ...models, roles: { ...models.roles, constructor: role } } })
    expect([pdp.roles().get("constructor"), pdp.roles().get("toString")]).toEqual([["models.read"], undefined])
    await pdp.close()
  })
})
